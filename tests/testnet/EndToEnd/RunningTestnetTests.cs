using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Bft.Applications.KeyValue;
using Bft.Client;
using Bft.Crypto.Signatures;
using Bft.Engine;
using Bft.Testnet.CommandLine;
using Bft.Testnet.Homes;
using Bft.Testnet.Supervision;
using Bft.Testnet.Tests.Fakes;

namespace Bft.Testnet.Tests.EndToEnd;

/// <summary>What an operator and a client meet at real validators: metrics, refusals, another signature scheme, lost and full disks, audits.</summary>
public sealed class RunningTestnetTests(RunningTestnet testnet) : IClassFixture<RunningTestnet>
{
    [Fact]
    public async Task The_metrics_of_a_node_tell_traffic_and_phase()
    {
        await testnet.PutAsync("metrics", "1");
        using var http = new HttpClient();

        // Whoever took the run from the client spreads it: the others have nothing to gossip.
        string text = string.Concat(await Task.WhenAll(testnet.Genesis.Validators.Select(validator => http.GetStringAsync(new Uri($"http://{validator.HttpAddress}/metrics")))));
        string[] sent = [.. text.Split('\n').Where(line => line.StartsWith("bft_messages_sent_total{", StringComparison.Ordinal))];
        Assert.Contains(sent, line => line.Contains("traffic=\"Consensus\"", StringComparison.Ordinal) && line.Contains("phase=\"Steady\"", StringComparison.Ordinal));
        Assert.Contains(sent, line => line.Contains("traffic=\"Gossip\"", StringComparison.Ordinal));
        Assert.Contains(sent, line => line.Contains("traffic=\"Repair\"", StringComparison.Ordinal) && line.Contains("phase=\"CatchUp\"", StringComparison.Ordinal));
        Assert.Contains(text.Split('\n'), line => line.StartsWith("bft_api_connections", StringComparison.Ordinal) && !line.Contains("closed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_run_whose_signature_does_not_hold_is_refused_by_a_real_validator_with_the_reason()
    {
        using ISigner signer = SignatureSchemes.Ed25519.CreateSigner(SHA256("wrong signature"));
        Chain chain = testnet.Genesis.ToChain();
        byte[] encoded = Run.Sign(chain, signer, 1, [KeyValueCommand.Put("forged"u8, "1"u8)]).Encoded.ToArray();
        (HttpStatusCode good, _) = await PostAsync(encoded);
        Assert.Equal(HttpStatusCode.Accepted, good);

        // A signature of the same key over other bytes, and the right one for another chain.
        byte[] flipped = Run.Sign(chain, signer, 2, [KeyValueCommand.Put("forged"u8, "2"u8)]).Encoded.ToArray();
        flipped[^1] ^= 1;
        Genesis other = testnet.Genesis with { CreatedAt = testnet.Genesis.CreatedAt + 1 };
        foreach (byte[] hostile in new[] { flipped, Run.Sign(other.ToChain(), signer, 3, [KeyValueCommand.Put("forged"u8, "3"u8)]).Encoded.ToArray() })
        {
            (HttpStatusCode code, string answer) = await PostAsync(hostile);
            Assert.Equal(HttpStatusCode.UnprocessableEntity, code);
            Assert.Contains("signature does not hold", answer, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_run_signed_with_secp256k1_goes_through_pool_block_execution_and_audit()
    {
        using ISigner signer = SignatureSchemes.Secp256k1.CreateSigner(SHA256("wallet"));
        Run run = Run.Sign(testnet.Genesis.ToChain(), signer, 1, [KeyValueCommand.Put("wallet"u8, "secp256k1"u8), KeyValueCommand.Put("wallet2"u8, "x"u8)]);
        await using var client = new BftClient(new BftClientOptions { Genesis = testnet.Genesis, ConnectTimeout = TimeSpan.FromMinutes(1) });
        Client.RunResult result = await client.SubmitRunAsync(run).WaitAsync(TimeSpan.FromMinutes(2));
        Assert.Null(result.Rejection);
        Assert.All([0, 1], index => Assert.Equal(0, result.Receipt!.Value.CodeAt(index)));

        // Believed by every validator, and by an audit that knows genesis only.
        JsonObject got = (await RunningTestnet.BftAsync("get", "wallet", "--data", testnet.Data.Root, "--json", "--timeout", "2m")).Json;
        Assert.Equal("secp256k1", got["value"]!.GetValue<string>());
        string home = await StoppedCopyAsync(0, "secp", result.Receipt!.Value.Height);
        Ended audit = await RunningTestnet.BftAsync("verify", "--home", home, "--json");
        Assert.True(audit.Code == 0 && audit.Json["ok"]!.GetValue<bool>(), audit.Output + audit.Error);
        Assert.True(audit.Json["height"]!.GetValue<ulong>() >= result.Receipt!.Value.Height.Value);
    }

    [Fact]
    public async Task One_flipped_byte_in_a_ledger_is_found_with_file_offset_and_height()
    {
        var height = new Height((await testnet.PutAsync("to be flipped", "1"))["height"]!.GetValue<ulong>());
        string home = await StoppedCopyAsync(1, "flipped", height);
        string blocks = Path.Combine(home, "blocks");
        string segment = Directory.EnumerateFiles(blocks).Where(file => new FileInfo(file).Length > 1024).OrderByDescending(file => new FileInfo(file).Length).First();
        byte[] bytes = File.ReadAllBytes(segment);
        int at = bytes.AsSpan().IndexOf("to be flipped"u8);
        Assert.True(at > 0, $"the command is in no byte of {segment}");
        bytes[at] ^= 1;
        File.WriteAllBytes(segment, bytes);

        Ended audit = await RunningTestnet.BftAsync("verify", "--home", home, "--json");
        Assert.Equal(ExitCodes.Failure, audit.Code);
        Assert.False(audit.Json["ok"]!.GetValue<bool>());
        JsonObject error = audit.Json["error"]!.AsObject();
        Assert.Equal(Path.GetFileName(segment), Path.GetFileName(error["file"]!.GetValue<string>()));
        Assert.InRange(error["offset"]!.GetValue<long>(), 1, at);
        Assert.Equal(height.Value, error["height"]!.GetValue<ulong>());
    }

    [Fact]
    public async Task A_validator_whose_journal_was_wiped_says_that_it_does_not_vote_and_why_and_earns_its_vote_back()
    {
        const int Victim = 3;
        await testnet.PutAsync("wiped", "1");
        testnet.Validators.Kill(Victim);
        Directory.Delete(Path.Combine(testnet.Data.Home(Victim).Root, "journal"), recursive: true);
        await testnet.Validators.StartAsync(testnet.Data.Home(Victim), Victim, CancellationToken.None);

        // Nothing is pending, so nothing can have given it back yet.
        Ended first = await RunningTestnet.BftAsync("status", "--data", testnet.Data.Root, "--from", $"http://{testnet.Genesis.Validators[Victim].ClientAddress}", "--json", "--timeout", "30s");
        Assert.False(first.Json["voting"]!.GetValue<bool>());
        Assert.Contains("its safety records are lost", first.Json["notVotingBecause"]!.GetValue<string>(), StringComparison.Ordinal);
        JsonObject again = await testnet.StatusAsync(Victim, status => status["voting"]!.GetValue<bool>());
        Assert.Null(again["notVotingBecause"]);
    }

    [Fact]
    public async Task A_validator_whose_disk_takes_no_more_stops_and_says_so_and_comes_back_when_there_is_room()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        // A limit on the sizes of its files stands for the full disk: every write fails with an I/O error.
        const int Victim = 2;
        HomeLayout home = testnet.Data.Home(Victim);
        testnet.Validators.Kill(Victim);
        using Process victim = StartLimited(home, "unlimited");
        Task<string> error = victim.StandardError.ReadToEndAsync();
        using var output = new StringWriter();
        while (await victim.StandardOutput.ReadLineAsync() is { } line && !line.Contains("\"ready\"", StringComparison.Ordinal))
        {
            output.WriteLine(line);
        }

        using (Process prlimit = Process.Start("prlimit", ["--pid", victim.Id.ToString(CultureInfo.InvariantCulture), "--fsize=1:1"]))
        {
            await prlimit.WaitForExitAsync();
            Assert.Equal(0, prlimit.ExitCode);
        }

        Task<string> rest = victim.StandardOutput.ReadToEndAsync();
        await testnet.PutAsync("full", "1");
        await victim.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(ExitCodes.Failure, victim.ExitCode);
        Assert.Contains("disk", await error, StringComparison.Ordinal);
        await rest;

        // The others went on; with room again it catches up and votes.
        ulong height = (await testnet.PutAsync("full", "2"))["height"]!.GetValue<ulong>();
        await testnet.Validators.StartAsync(home, Victim, CancellationToken.None);
        await testnet.StatusAsync(Victim, status => status["voting"]!.GetValue<bool>() && status["height"]!.GetValue<ulong>() >= height);
    }

    [Fact]
    public async Task A_validator_does_not_start_on_a_disk_that_takes_nothing()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        string home = await StoppedCopyAsync(0, "full at start", new Height(0));
        Directory.Delete(Path.Combine(home, "journal"), recursive: true);
        using Process node = StartLimited(HomeLayout.At(home), "64");
        Task<string> output = node.StandardOutput.ReadToEndAsync();
        string error = await node.StandardError.ReadToEndAsync();
        await node.WaitForExitAsync();
        Assert.Equal(ExitCodes.Failure, node.ExitCode);
        Assert.Contains("free space", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error + await output, StringComparison.Ordinal);
    }

    // A stopped validator's home as it is at that height at least; the validator goes on.
    private async Task<string> StoppedCopyAsync(int validator, string name, Height atLeast)
    {
        await testnet.StatusAsync(validator, status => status["height"]!.GetValue<ulong>() >= atLeast.Value);
        HomeLayout home = testnet.Data.Home(validator);
        testnet.Validators.Kill(validator);
        string copy = testnet[$"{name}/{Path.GetFileName(home.Root)}"];
        foreach (string file in Directory.EnumerateFiles(home.Root, "*", SearchOption.AllDirectories))
        {
            string to = Path.Combine(copy, Path.GetRelativePath(home.Root, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }

        foreach (string shared in new[] { testnet.Data.Genesis, testnet.Data.Passphrase })
        {
            File.Copy(shared, testnet[$"{name}/{Path.GetFileName(shared)}"]);
        }

        await testnet.Validators.StartAsync(home, validator, CancellationToken.None);
        return copy;
    }

    // As the supervisor starts it, but with a limit on the length of files in KiB, and without the signal that would end it in place of an error.
    private static Process StartLimited(HomeLayout home, string blocks)
    {
        ProcessStartInfo node = SelfCommand.Node(home);
        var start = new ProcessStartInfo("bash") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add($"trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        start.ArgumentList.Add(node.FileName);
        foreach (string argument in node.ArgumentList)
        {
            start.ArgumentList.Add(argument);
        }

        // The runtime maps its code through a file in memory, which the limit would meet too.
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        return Process.Start(start)!;
    }

    private async Task<(HttpStatusCode Code, string Answer)> PostAsync(byte[] run)
    {
        using var http = new HttpClient();
        using var content = new ByteArrayContent(run);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using HttpResponseMessage answer = await http.PostAsync(new Uri($"http://{testnet.Genesis.Validators[1].HttpAddress}/v1/transactions"), content);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static byte[] SHA256(string text) => System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
