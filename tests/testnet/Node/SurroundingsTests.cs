using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Bft.Bench.Processes;
using Bft.Crypto.KeyStore;
using Bft.Testnet.Ceremony;
using Bft.Testnet.CommandLine;
using Bft.Testnet.Homes;
using Bft.Testnet.Tests.EndToEnd;
using Bft.Testnet.Tests.Fakes;

namespace Bft.Testnet.Tests.Node;

/// <summary>What a real validator says when its surroundings are not as it needs them: a port that is taken, a directory that cannot be written.</summary>
public sealed class SurroundingsTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly PortRange _ports = PortRange.Claim(4);

    private string Home => _directory["net/node-0"];

    public void Dispose()
    {
        _ports.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [InlineData("clients")]
    [InlineData("http")]
    [InlineData("peers")]
    public async Task A_port_in_use_is_named(string which)
    {
        Make();
        using var listener = new TcpListener(IPEndPoint.Parse(Config()["listen"]![which]!.GetValue<string>()));
        listener.Start();
        Ended ended = await RunningTestnet.BftAsync("node", "--home", Home);
        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.Contains(((IPEndPoint)listener.LocalEndpoint).Port.ToString(System.Globalization.CultureInfo.InvariantCulture), ended.ErrorLine, StringComparison.Ordinal);
        Assert.Contains("stop the process that holds the port", ended.ErrorLine, StringComparison.Ordinal);
        Assert.DoesNotContain("\"ready\"", ended.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_port_was_in_use_the_home_and_the_other_ports_are_free_again()
    {
        Make();
        using (var listener = new TcpListener(IPEndPoint.Parse(Config()["listen"]!["http"]!.GetValue<string>())))
        {
            listener.Start();
            Assert.Equal(ExitCodes.Failure, (await RunningTestnet.BftAsync("node", "--home", Home)).Code);
        }

        foreach (string which in new[] { "clients", "http", "peers" })
        {
            using var free = new TcpListener(IPEndPoint.Parse(Config()["listen"]![which]!.GetValue<string>()));
            free.Start();
        }

        HomeLock.Take(HomeLayout.At(Home)).Dispose();
    }

    // /proc takes no directory from anybody, the superuser included; permissions alone would stop only the others.
    [Theory]
    [InlineData("journal")]
    [InlineData("blocks")]
    [InlineData("snapshots")]
    public async Task A_directory_that_cannot_be_written_is_named(string which)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        Make();
        JsonObject config = Config();
        config[which] = "/proc/" + which;
        File.WriteAllText(Path.Combine(Home, "config.json"), config.ToJsonString());
        Ended ended = await RunningTestnet.BftAsync("node", "--home", Home);
        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.Contains("/proc/" + which, ended.ErrorLine, StringComparison.Ordinal);
        Assert.Contains("owner", ended.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_home_that_cannot_be_written_is_named()
    {
        if (!OperatingSystem.IsLinux() || Environment.IsPrivilegedProcess)
        {
            // Who may write everywhere finds no directory that is read-only by its mode.
            return;
        }

        Make();
        File.SetUnixFileMode(Home, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Ended ended = await RunningTestnet.BftAsync("node", "--home", Home);
        File.SetUnixFileMode(Home, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.Contains("cannot be written", ended.ErrorLine, StringComparison.Ordinal);
        Assert.Contains(Home, ended.ErrorLine, StringComparison.Ordinal);
    }

    private void Make() => KeyCeremony.Run(
        new CeremonyPlan { Nodes = 4, Development = true, Cost = KeyDerivationCost.Light, Port = _ports.Base }, Catalogue.OfEngine(), _directory["net"], DateTimeOffset.UtcNow);

    private JsonObject Config() => JsonNode.Parse(File.ReadAllText(Path.Combine(Home, "config.json")))!.AsObject();
}
