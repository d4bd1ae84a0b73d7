using System.Text.Json.Nodes;
using Bft.Testnet.CommandLine;

namespace Bft.Testnet.Tests.EndToEnd;

/// <summary>Command lines of the real executable's parts, run in this process against real validators.</summary>
internal static class RealCommands
{
    /// <summary>Runs a command that must succeed.</summary>
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
}
