using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Bft.Testnet.CommandLine;
using Bft.Testnet.Homes;

namespace Bft.Testnet.Tests.EndToEnd;

/// <summary>What a user does with a testnet of real processes.</summary>
internal static class TestnetCommands
{
    /// <summary>Runs a command of the executable in this process, with the production parts; it must succeed.</summary>
    /// <returns>What it answered.</returns>
    public static async Task<JsonObject> RunAsync(params string[] arguments)
    {
        using var printed = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var terminal = new Terminal(Stream.Null, TextWriter.Synchronized(printed), TextWriter.Synchronized(error), false, false);
        int code = await BftCommandLine.RunAsync([.. arguments, "--json"], terminal, ExecutableParts.Compose(), CancellationToken.None);
        Assert.True(code == 0, $"bft {string.Join(' ', arguments)}: {printed}{error}");
        return JsonNode.Parse(printed.ToString())!.AsObject();
    }

    /// <summary>The same for a command that talks to the validators of a directory.</summary>
    public static Task<JsonObject> BftAsync(this DataLayout data, params string[] arguments) => RunAsync([.. arguments, "--data", data.Root, "--timeout", "2m"]);

    /// <summary>Sends a signal to the validator of a home.</summary>
    public static void Signal(this HomeLayout home, string signal)
    {
        string pid = File.ReadAllText(home.Pid).Trim();
        using Process kill = Process.Start("kill", [$"-{signal}", int.Parse(pid, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }
}
