using System.Diagnostics;
using System.Globalization;
using Bft.Testnet.Homes;

namespace Bft.Testnet.Supervision;

/// <summary>How this program starts itself as a validator.</summary>
public static class SelfCommand
{
    private const string Name = "bft";

    /// <summary>The command that runs the validator of a home as a child of this process.</summary>
    public static ProcessStartInfo Node(HomeLayout home)
    {
        ProcessStartInfo start = Program();
        foreach (string argument in new[] { "node", "--home", home.Root, "--parent", Environment.ProcessId.ToString(CultureInfo.InvariantCulture) })
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }

    // This process may be the executable itself, "dotnet bft.dll", or a test or bench host beside which the executable lies.
    private static ProcessStartInfo Program()
    {
        string self = Environment.ProcessPath ?? "";
        if (Path.GetFileNameWithoutExtension(self) == Name)
        {
            return new ProcessStartInfo(self);
        }

        string beside = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? Name + ".exe" : Name);
        if (File.Exists(beside))
        {
            return new ProcessStartInfo(beside);
        }

        string host = Path.GetFileNameWithoutExtension(self) == "dotnet" ? self : Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        var start = new ProcessStartInfo(host);
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, Name + ".dll"));
        return start;
    }
}
