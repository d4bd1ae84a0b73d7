using System.Text.Json.Nodes;
using Bft.Testnet.CommandLine;
using Bft.Testnet.Homes;
using Bft.Testnet.Tests.Fakes;

namespace Bft.Testnet.Tests.Homes;

public sealed class HomeTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly BftProgram _bft = new();

    public void Dispose() => _directory.Dispose();

    private string Home(int i = 0) => _directory[$"net/node-{i}"];

    private async Task MakeAsync(string name = "net") =>
        Assert.Equal(0, (await _bft.RunAsync("init", "--nodes", "4", "--out", _directory[name], "--passphrase-file", _directory.Write("p", "secret\n"))).Code);

    private Task<Ended> NodeAsync() => _bft.RunAsync("node", "--home", Home(), "--json");

    private void Edit(Action<JsonObject> edit)
    {
        string path = Path.Combine(Home(), "config.json");
        JsonObject config = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        edit(config);
        File.WriteAllText(path, config.ToJsonString());
    }

    [Fact]
    public async Task A_configuration_survives_writing_and_reading()
    {
        await MakeAsync();
        HomeLayout home = HomeLayout.At(Home());
        NodeConfig config = NodeConfig.Read(home) with
        {
            IdleInterval = TimeSpan.FromSeconds(3),
            ViewTimeout = TimeSpan.FromMilliseconds(700),
            Journal = "/fast/journal",
            Passphrase = new PassphraseSource.FromEnvironment("V"),
        };

        config.Write(home);

        Assert.Equal(config, NodeConfig.Read(home));
        Assert.Equal(TimeSpan.FromMilliseconds(700), config.ToProtocolOptions().ViewTimeout);
    }

    [Fact]
    public async Task A_misspelt_setting_is_named()
    {
        await MakeAsync();
        Edit(config => config["idleIntervalMiliseconds"] = 5);

        Ended ended = await NodeAsync();

        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.Contains("unknown field \"idleIntervalMiliseconds\"; did you mean \"idleIntervalMilliseconds\"?", ended.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_setting_inside_another_is_named_with_its_path()
    {
        await MakeAsync();
        Edit(config => config["listen"]!["peers"] = "nowhere");

        Ended ended = await NodeAsync();

        Assert.Contains("listen.peers", ended.ErrorLine, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{\"format\":1,\"format\":1}")]
    [InlineData("{\"format\":2}")]
    [InlineData("")]
    public async Task A_file_that_is_no_configuration_is_refused(string content)
    {
        await MakeAsync();
        File.WriteAllText(Path.Combine(Home(), "config.json"), content);

        Ended ended = await NodeAsync();

        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.Contains("config.json", ended.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_genesis_of_another_chain_is_refused()
    {
        await MakeAsync();
        await MakeAsync("other");
        File.Copy(_directory["other/genesis.json"], _directory["net/genesis.json"], overwrite: true);

        Ended ended = await NodeAsync();

        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.Contains("this home belongs to chain", ended.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_process_on_one_home_is_refused_and_told_the_first()
    {
        await MakeAsync();
        using var first = HomeLock.Take(HomeLayout.At(Home()));
        Assert.Equal($"{Environment.ProcessId}\n", File.ReadAllText(Path.Combine(Home(), "pid")));

        Ended ended = await NodeAsync();

        Assert.Equal(ExitCodes.Failure, ended.Code);
        Assert.Contains($"as process {Environment.ProcessId}", ended.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_pid_file_is_there_while_the_validator_runs_and_gone_afterwards()
    {
        await MakeAsync();
        string? during = null;
        _bft.Validator = (settings, events, _) =>
        {
            during = File.ReadAllText(settings.Home.Pid).Trim();
            events.Write("ready", new { Height = 3 });
            return Task.FromResult(0);
        };

        Ended ended = await NodeAsync();

        Assert.Equal(0, ended.Code);
        Assert.Equal($"{Environment.ProcessId}", during);
        Assert.False(File.Exists(Path.Combine(Home(), "pid")));
        Assert.Equal("ready", ended.Json["event"]!.GetValue<string>());
        Assert.Equal(3, ended.Json["height"]!.GetValue<int>());
    }

    [Fact]
    public async Task A_validator_with_a_parent_stops_when_its_input_ends()
    {
        await MakeAsync();
        _bft.Validator = async (_, _, cancellation) =>
        {
            await Task.Delay(Timeout.Infinite, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return 0;
        };

        Ended ended = await _bft.RunAsync("node", "--home", Home(), "--parent", $"{Environment.ProcessId}");

        Assert.Equal(0, ended.Code);
    }

    [Fact]
    public async Task A_wrong_passphrase_is_told_as_that()
    {
        await MakeAsync();
        File.WriteAllText(_directory["p"], "another\n");

        var wrong = Assert.Throws<HomeException>(() => ValidatorKeys.Open(NodeSettings.Read(Home())));

        Assert.Contains("passphrase does not open", wrong.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_corrupted_key_store_is_told_as_that()
    {
        await MakeAsync();
        string store = Path.Combine(Home(), "keys.json");
        byte[] content = File.ReadAllBytes(store);
        content[content.Length / 2] ^= 1;
        File.WriteAllBytes(store, content);

        var damaged = Assert.Throws<HomeException>(() => ValidatorKeys.Open(NodeSettings.Read(Home())));

        Assert.Equal(store, damaged.Where);
        Assert.DoesNotContain("passphrase does not open", damaged.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Swapped_key_stores_are_noticed()
    {
        await MakeAsync();
        File.Copy(Path.Combine(Home(1), "keys.json"), Path.Combine(Home(), "keys.json"), overwrite: true);

        var swapped = Assert.Throws<HomeException>(() => ValidatorKeys.Open(NodeSettings.Read(Home())));

        Assert.Contains("the \"consensus\" key is not the one genesis names", swapped.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_foreign_certificate_is_noticed()
    {
        await MakeAsync();
        File.Copy(Path.Combine(Home(1), "tls.pem"), Path.Combine(Home(), "tls.pem"), overwrite: true);

        var foreign = Assert.Throws<HomeException>(() => ValidatorKeys.Open(NodeSettings.Read(Home())));

        Assert.Contains("tls.pem", foreign.Where, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("localhost:1", true)]
    [InlineData("[::1]:65535", true)]
    [InlineData("10.0.0.1:80", true)]
    [InlineData("::1:80", false)]
    [InlineData("host:0", false)]
    [InlineData("host:65536", false)]
    [InlineData("host", false)]
    [InlineData(":80", false)]
    [InlineData("host:+80", false)]
    [InlineData("a b:80", false)]
    public void Addresses_are_host_and_port(string text, bool valid)
    {
        Assert.Equal(valid, Address.TryParse(text, out Address address));
        Assert.True(!valid || address.ToString() == text);
    }
}
