using System.Diagnostics;
using Bft.Testnet.Homes;

namespace Bft.Testnet.Tests.Fakes;

/// <summary>A validator's process that is a shell script: <c>$1</c> is its home.</summary>
internal static class FakeChild
{
    /// <summary>Says that it is ready and lives until its input ends or it is told to stop.</summary>
    public const string Good = "echo '{\"event\":\"ready\"}'; echo '{\"event\":\"cost\",\"consensusMessages\":60,\"consensusBytes\":9000,\"gossipMessages\":20,\"gossipBytes\":4000,\"repairMessages\":12,\"repairBytes\":24}'; while read ignored; do :; done";

    /// <summary>How to start the script in a home.</summary>
    public static Func<HomeLayout, ProcessStartInfo> Command(string script) => home =>
    {
        var start = new ProcessStartInfo("/bin/sh");
        foreach (string argument in new[] { "-c", script, "sh", home.Root })
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    };
}
