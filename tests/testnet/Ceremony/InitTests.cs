using System.Text.Json.Nodes;
using Bft.Engine;
using Bft.Testnet.CommandLine;
using Bft.Testnet.Homes;
using Bft.Testnet.Tests.Fakes;

namespace Bft.Testnet.Tests.Ceremony;

public sealed class InitTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly BftProgram _bft = new();

    public void Dispose() => _directory.Dispose();

    private Task<Ended> InitAsync(params string[] arguments) => _bft.RunAsync(["init", "--out", _directory["net"], .. arguments, "--json"]);

    [Theory]
    [InlineData(1, "byzantine", 0, 1)]
    [InlineData(4, "byzantine", 1, 3)]
    [InlineData(5, "byzantine", 1, 4)]
    [InlineData(6, "byzantine", 1, 4)]
    [InlineData(7, "byzantine", 2, 5)]
    [InlineData(3, "crash", 1, 2)]
    [InlineData(4, "crash", 1, 3)]
    public async Task The_arithmetic_follows_from_n_and_the_fault_model(int nodes, string model, int faults, int quorum)
    {
        JsonObject made = (await InitAsync("--nodes", $"{nodes}", "--fault-model", model, "--passphrase-file", _directory.Write("p", "secret\n"))).Json;

        Assert.Equal((nodes, faults, quorum), (made["nodes"]!.GetValue<int>(), made["faultBound"]!.GetValue<int>(), made["quorum"]!.GetValue<int>()));
        Assert.Equal(64, made["chainId"]!.GetValue<string>().Length);
    }

    [Theory]
    [InlineData("3", "1", "byzantine", "3*1+1 = 4")]
    [InlineData("6", "2", "byzantine", "3*2+1 = 7")]
    [InlineData("4", "2", "crash", "2*2+1 = 5")]
    public async Task A_committee_that_cannot_survive_the_faults_is_refused_with_formula_and_smallest_n(string nodes, string faults, string model, string formula)
    {
        Ended ended = await InitAsync("--nodes", nodes, "--faults", faults, "--fault-model", model);

        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.Contains(formula, ended.What, StringComparison.Ordinal);
        Assert.Contains("at least " + formula.Split(' ')[^1], ended.ErrorLine, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_directory["net"]));
    }

    [Theory]
    [InlineData("--protocol", "hotstuf", "did you mean \"hotstuff\"?", "hotstuff, raft")]
    [InlineData("--scheme", "ed2551", "did you mean \"ed25519\"?", "ed25519")]
    public async Task An_unknown_protocol_or_scheme_lists_the_known_ones(string option, string value, string question, string known)
    {
        Ended ended = await InitAsync("--nodes", "4", option, value);

        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.Contains(question, ended.What, StringComparison.Ordinal);
        Assert.Contains(known, ended.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_protocol_for_crashes_is_refused_among_liars()
    {
        Assert.Equal(ExitCodes.Failure, (await InitAsync("--nodes", "4", "--protocol", "raft", "--fault-model", "byzantine")).Code);
        Assert.Equal(0, (await InitAsync("--nodes", "3", "--protocol", "raft")).Code);
    }

    [Fact]
    public async Task A_directory_with_anything_in_it_is_refused_and_left_alone()
    {
        string precious = _directory.Write("net/precious", "keys");

        Ended ended = await InitAsync("--nodes", "4");

        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.Equal("keys", File.ReadAllText(precious));
        Assert.Equal([_directory["net"]], Directory.GetFileSystemEntries(_directory.Root));
    }

    [Fact]
    public async Task What_cannot_be_written_leaves_nothing_half_made()
    {
        if (OperatingSystem.IsWindows() || Environment.UserName == "root")
        {
            // A mode does not stop root; the path below does.
            string file = _directory.Write("file", "");
            Ended blocked = await _bft.RunAsync("init", "--nodes", "1", "--out", Path.Combine(file, "net"), "--json");
            Assert.Equal(ExitCodes.Failure, blocked.Code);
            Assert.Single(Directory.GetFileSystemEntries(_directory.Root));
            return;
        }

        File.SetUnixFileMode(_directory.Root, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Ended ended = await InitAsync("--nodes", "1");
        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.Empty(Directory.GetFileSystemEntries(_directory.Root));
    }

    [Fact]
    public async Task Every_home_opens_with_its_passphrase_and_holds_the_keys_of_genesis()
    {
        await InitAsync("--nodes", "4");

        Genesis genesis = GenesisFile.Read(_directory["net/genesis.json"]);
        Assert.False(genesis.Development);
        for (int i = 0; i < 4; i++)
        {
            NodeSettings settings = NodeSettings.Read(_directory[$"net/node-{i}"]);
            using ValidatorKeys keys = ValidatorKeys.Open(settings);
            Assert.True(keys.Consensus.PublicKey.Span.SequenceEqual(genesis.Validators[i].ConsensusKey.AsSpan()));
            Assert.True(keys.Identity.PublicKey.Span.SequenceEqual(genesis.Validators[i].IdentityKey.AsSpan()));
            Assert.True(keys.Certificate.HasPrivateKey);
            if (!OperatingSystem.IsWindows())
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_directory[$"net/node-{i}/passphrase"]));
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_directory[$"net/node-{i}/keys.json"]));
            }
        }
    }

    [Fact]
    public async Task Hosts_and_ports_go_into_genesis_and_bindings_into_the_homes()
    {
        await InitAsync("--nodes", "4", "--hosts", "a.example,b.example,10.0.0.3,::1", "--port", "9000");

        Genesis genesis = GenesisFile.Read(_directory["net/genesis.json"]);
        Assert.Equal("b.example:9001", genesis.Validators[1].ClientAddress);
        Assert.Equal("10.0.0.3:9102", genesis.Validators[2].PeerAddress);
        Assert.Equal("[::1]:9203", genesis.Validators[3].HttpAddress);
        Assert.Equal("0.0.0.0:9001", NodeSettings.Read(_directory["net/node-1"]).Config.Listen.Clients);
        Assert.True(NodeSettings.Read(_directory["net/node-1"]).Config.ClientTls);
        Assert.Equal("[::1]:9003", NodeSettings.Read(_directory["net/node-3"]).Config.Listen.Clients);
        Assert.False(NodeSettings.Read(_directory["net/node-3"]).Config.ClientTls);
    }

    [Theory]
    [InlineData("a.example,b.example")]
    [InlineData("http://a.example")]
    [InlineData("a b")]
    public async Task Hosts_that_do_not_fit_are_refused(string hosts)
    {
        Ended ended = await InitAsync("--nodes", "4", "--hosts", hosts);

        Assert.NotEqual(0, ended.Code);
        Assert.Contains("--hosts", ended.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_passphrase_sources_are_one_too_many()
    {
        Ended ended = await InitAsync("--nodes", "4", "--passphrase-file", "f", "--passphrase-env", "V");

        Assert.Equal(ExitCodes.Usage, ended.Code);
    }

    [Fact]
    public async Task A_passphrase_file_that_is_missing_or_empty_ends_the_ceremony()
    {
        Assert.Contains("no such file", (await InitAsync("--nodes", "4", "--passphrase-file", _directory["none"])).What, StringComparison.Ordinal);
        Assert.Contains("empty", (await InitAsync("--nodes", "4", "--passphrase-file", _directory.Write("empty", "\n"))).What, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_directory["net"]));
    }
}
