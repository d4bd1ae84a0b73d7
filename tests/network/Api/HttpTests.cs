using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Bft.Engine;
using Bft.Network.Api;
using Bft.Network.Tests.Api.Fakes;

namespace Bft.Network.Tests.Api;

public sealed class HttpTests : IAsyncLifetime
{
    private FakeNetwork _network = null!;
    private HttpClient _http = null!;

    public async Task InitializeAsync()
    {
        _network = await FakeNetwork.StartAsync();
        _http = _network.Http(0);
        _network.Ledger.Execute(SubmitEdgeTests.MakeRun(_network.Chain, 1, "a=1", "bad"));
        _network.Ledger.Execute(SubmitEdgeTests.MakeRun(_network.Chain, 3, "a/b c=2"));
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _network.DisposeAsync();
    }

    [Fact]
    public async Task Status_names_heights_leader_peers_and_the_committee()
    {
        JsonElement status = await GetAsync("/v1/status");
        Assert.Equal(2, status.GetProperty("height").GetInt64());
        Assert.Equal(3, status.GetProperty("leader").GetInt32());
        Assert.Equal(3, status.GetProperty("peers").GetArrayLength());
        Assert.Equal(_network.Genesis.Validators[2].HttpAddress, status.GetProperty("committee")[2].GetProperty("httpAddress").GetString());
        Assert.True(status.GetProperty("voting").GetBoolean());
        Assert.Equal(3, status.GetProperty("quorum").GetInt32());
    }

    [Fact]
    public async Task Blocks_are_given_by_height_by_digest_and_as_the_latest()
    {
        JsonElement block = await GetAsync("/v1/blocks/1");
        Assert.Equal([0, 1, 2], block.GetProperty("certificate").GetProperty("signers").EnumerateArray().Select(signer => signer.GetInt32()));
        Assert.Equal(2, block.GetProperty("transactions").GetArrayLength());
        Assert.Equal(Convert.ToHexStringLower("a=1"u8), block.GetProperty("transactions")[0].GetProperty("command").GetString());
        Assert.Equal(1, (await GetAsync("/v1/blocks/" + block.GetProperty("digest").GetString())).GetProperty("height").GetInt64());
        Assert.Equal(JsonValueKind.Null, (await GetAsync("/v1/blocks/1?transactions=false")).GetProperty("transactions").ValueKind);
        Assert.Equal([2L, 1L], (await GetAsync("/v1/blocks?latest=5")).EnumerateArray().Select(one => one.GetProperty("height").GetInt64()));
    }

    [Fact]
    public async Task Blocks_are_found_by_how_their_digest_begins()
    {
        string digest = (await GetAsync("/v1/blocks/2")).GetProperty("digest").GetString()!;
        JsonElement found = Assert.Single((await GetAsync("/v1/blocks?digest=" + digest[..9].ToUpperInvariant())).EnumerateArray());
        Assert.Equal((2L, digest), (found.GetProperty("height").GetInt64(), found.GetProperty("digest").GetString()));
        string none = digest[..8] + (digest[8] == '0' ? '1' : '0');
        Assert.Equal(0, (await GetAsync("/v1/blocks?digest=" + none)).GetArrayLength());
    }

    [Fact]
    public async Task A_key_is_read_with_slashes_and_spaces_as_hex_with_its_proof_and_its_absence()
    {
        Assert.Equal("1", (await GetAsync("/v1/keys/a")).GetProperty("value").GetString());
        Assert.Equal("2", (await GetAsync("/v1/keys/a%2Fb%20c")).GetProperty("value").GetString());
        Assert.Equal("2", (await GetAsync("/v1/keys/a/b%20c")).GetProperty("value").GetString());
        Assert.Equal("1", (await GetAsync("/v1/keys/61?encoding=hex")).GetProperty("value").GetString());
        JsonElement absent = await GetAsync("/v1/keys/nowhere?consistency=readIndex");
        Assert.False(absent.GetProperty("found").GetBoolean());
        Assert.Equal("readIndex", absent.GetProperty("consistency").GetString());
        JsonElement proof = (await GetAsync("/v1/keys/a?prove=true")).GetProperty("proof");
        Assert.Equal(_network.Ledger.Point(new Height(1)).StateRoot.ToString(), proof.GetProperty("stateRoot").GetString());
        Assert.Equal(_network.Ledger.Block(new Height(2))!.Block.Digest.ToString(), proof.GetProperty("headerDigest").GetString());
    }

    [Fact]
    public async Task A_run_is_submitted_in_base64_in_hex_and_as_bytes_and_found_as_a_transaction()
    {
        Run first = SubmitEdgeTests.MakeRun(_network.Chain, 4, "x=1");
        using HttpResponseMessage accepted = await _http.PostAsJsonAsync("/v1/transactions", new { runBase64 = Convert.ToBase64String(first.Encoded.Span) });
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        JsonElement found = await GetAsync(accepted.Headers.Location!.ToString());
        Assert.Equal((3, 0), (found.GetProperty("height").GetInt32(), found.GetProperty("code").GetInt32()));
        using HttpResponseMessage again = await _http.PostAsJsonAsync("/v1/transactions", new { runHex = Convert.ToHexString(first.Encoded.Span) });
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        Assert.Equal("executed", (await again.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("verdict").GetString());
        using var bytes = new ByteArrayContent(SubmitEdgeTests.MakeRun(_network.Chain, 5, "y=1").Encoded.ToArray());
        bytes.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using HttpResponseMessage raw = await _http.PostAsync("/v1/transactions", bytes);
        Assert.Equal(HttpStatusCode.Accepted, raw.StatusCode);
    }

    [Theory]
    [InlineData("/v1/blocks/xyz", 400, "neither a height nor a digest")]
    [InlineData("/v1/blocks/99", 404, "last height is 2")]
    [InlineData("/v1/blocks/99999999999999999999999", 400, "neither")]
    [InlineData("/v1/blocks?latest=0", 400, "latest")]
    [InlineData("/v1/blocks?latest=1000", 400, "latest")]
    [InlineData("/v1/blocks?digest=", 400, "hexadecimal")]
    [InlineData("/v1/blocks?digest=xyz", 400, "hexadecimal")]
    [InlineData("/v1/transactions/1:2", 400, "transaction id")]
    [InlineData("/v1/keys/zz?encoding=hex", 400, "encoding")]
    [InlineData("/v1/keys/a?encoding=rot13", 400, "encoding")]
    [InlineData("/v1/keys/a?consistency=perhaps", 400, "consistency")]
    [InlineData("/v1/watch?from=-1", 400, "from")]
    [InlineData("/v1/overthrow", 404, "openapi")]
    [InlineData("/v1/transactions", 404, "openapi")]
    public async Task A_wrong_question_gets_a_problem_document_that_says_what_is_wrong(string path, int status, string reason)
    {
        using HttpResponseMessage reply = await _http.GetAsync(path);
        await AssertProblemAsync(reply, status, reason);
    }

    [Fact]
    public async Task Keys_beyond_the_limit_are_refused() =>
        await AssertProblemAsync(await _http.GetAsync("/v1/keys/" + new string('k', 5000)), 400, "MaxKeyBytes");

    [Theory]
    [InlineData("application/json", "{", 400, "line 1")]
    [InlineData("application/json", "null", 400, "runBase64")]
    [InlineData("application/json", "{\"runBase64\":\"AA\",\"runHex\":\"00\"}", 400, "One of")]
    [InlineData("application/json", "{\"runBase64\":\"%%\"}", 400, "not base64")]
    [InlineData("application/json", "{\"runHex\":\"0\"}", 400, "hexadecimal")]
    [InlineData("application/json", "{\"runHex\":\"00\"}", 400, "malformed")]
    [InlineData("text/plain", "hello", 415, "Content-Type")]
    [InlineData("application/octet-stream", "garbage", 400, "malformed")]
    public async Task A_malformed_submission_gets_its_reason(string media, string body, int status, string reason)
    {
        using var content = new StringContent(body, Encoding.UTF8, media);
        await AssertProblemAsync(await _http.PostAsync("/v1/transactions", content), status, reason);
    }

    [Fact]
    public async Task Rejected_full_too_large_and_failing_have_their_own_status()
    {
        Run run = SubmitEdgeTests.MakeRun(_network.Chain, 9, "x=1");
        byte[] forged = run.Encoded.ToArray();
        forged[^1] ^= 1;
        await AssertProblemAsync(await PostAsync(forged), 422, "signature");
        _network.Validators[0].OnSubmit = _ => new SubmitAnswer(SubmitVerdict.Full);
        using HttpResponseMessage full = await PostAsync(run.Encoded.ToArray());
        Assert.Equal("1", full.Headers.RetryAfter!.ToString());
        await AssertProblemAsync(full, 503, "mempool is full");
        // Asked before it is sent: a server that refuses by the length alone may close before the body is through.
        _http.DefaultRequestHeaders.ExpectContinue = true;
        await AssertProblemAsync(await PostAsync(new byte[3 << 20]), 413, "bytes");
        _http.DefaultRequestHeaders.ExpectContinue = null;
        _network.Validators[0].OnSubmit = _ => throw new InvalidOperationException("secret");
        await AssertProblemAsync(await PostAsync(run.Encoded.ToArray()), 500, "log");
    }

    [Fact]
    public async Task Reads_may_be_made_by_the_pages_of_other_validators()
    {
        using HttpResponseMessage reply = await _http.GetAsync("/v1/status");
        Assert.Equal("*", reply.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Equal("nosniff", reply.Headers.GetValues("X-Content-Type-Options").Single());
    }

    [Fact]
    public async Task Watching_gives_lines_or_events_from_a_height_and_resumes_after_the_last_event()
    {
        using HttpResponseMessage lines = await _http.GetAsync("/v1/watch?from=1", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("application/x-ndjson", lines.Content.Headers.ContentType!.MediaType);
        using var lineReader = new StreamReader(await lines.Content.ReadAsStreamAsync());
        Assert.Equal(1, JsonDocument.Parse((await lineReader.ReadLineAsync())!).RootElement.GetProperty("height").GetInt32());
        Assert.Equal(2, JsonDocument.Parse((await lineReader.ReadLineAsync())!).RootElement.GetProperty("height").GetInt32());
        _network.Ledger.Execute(SubmitEdgeTests.MakeRun(_network.Chain, 50, "x=1"));
        Assert.Equal(3, JsonDocument.Parse((await lineReader.ReadLineAsync())!).RootElement.GetProperty("height").GetInt32());

        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/watch?from=1");
        request.Headers.Accept.ParseAdd("text/event-stream");
        request.Headers.Add("Last-Event-ID", "1");
        using HttpResponseMessage events = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var eventReader = new StreamReader(await events.Content.ReadAsStreamAsync());
        Assert.Equal("text/event-stream", events.Content.Headers.ContentType!.MediaType);
        Assert.Equal("id: 2", await eventReader.ReadLineAsync());
        Assert.Equal("event: block", await eventReader.ReadLineAsync());
        Assert.StartsWith("data: {", await eventReader.ReadLineAsync(), StringComparison.Ordinal);
        Assert.Equal(string.Empty, await eventReader.ReadLineAsync());
    }

    [Fact]
    public async Task Evidence_is_listed()
    {
        Assert.Empty((await GetAsync("/v1/evidence")).EnumerateArray());
        var statement = new Statement(StatementKind.Vote, default, new View(4), new Height(3), _network.Chain.Id);
        _network.Validators[0].Accusations.Add(new Evidence(
            new Vote(statement, new ReplicaId(2), default), new Vote(statement with { Subject = default }, new ReplicaId(2), default)));
        JsonElement evidence = Assert.Single((await GetAsync("/v1/evidence")).EnumerateArray());
        Assert.Equal((2, "vote", 4), (evidence.GetProperty("signer").GetInt32(), evidence.GetProperty("kind").GetString(), evidence.GetProperty("view").GetInt32()));
    }

    [Fact]
    public async Task OpenApi_describes_every_operation()
    {
        JsonElement document = await GetAsync("/openapi/v1.json");
        Assert.StartsWith("3.", document.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        Assert.Equal(
            ["block", "blocks", "evidence", "key", "status", "submit", "transaction", "watch"],
            document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject())
                .Select(operation => operation.Value.GetProperty("operationId").GetString()).Order(StringComparer.Ordinal));
        Assert.True(document.GetProperty("components").GetProperty("schemas").TryGetProperty("StatusDocument", out JsonElement status));
        Assert.True(status.GetProperty("properties").TryGetProperty("committedTransactions", out _));
    }

    [Fact]
    public async Task The_page_is_whole_in_itself_and_its_policy_allows_exactly_its_own_script_and_style()
    {
        using HttpResponseMessage reply = await _http.GetAsync("/");
        string page = await reply.Content.ReadAsStringAsync();
        Assert.Equal("text/html", reply.Content.Headers.ContentType!.MediaType);
        Assert.DoesNotMatch("(?i)https?://|src=|@import|url\\(|innerHTML|document\\.write|eval\\(", page);
        string policy = reply.Headers.GetValues("Content-Security-Policy").Single();
        foreach (string tag in new[] { "style", "script" })
        {
            string block = Regex.Match(page, $"<{tag}>(.*?)</{tag}>", RegexOptions.Singleline).Groups[1].Value;
            Assert.Contains($"{tag}-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(block)))}'", policy, StringComparison.Ordinal);
        }

        Assert.StartsWith("default-src 'none';", policy, StringComparison.Ordinal);
        Assert.Contains("http://" + _network.Genesis.Validators[3].HttpAddress, policy, StringComparison.Ordinal);
        Assert.DoesNotContain("style=", page, StringComparison.Ordinal);
    }

    private static async Task AssertProblemAsync(HttpResponseMessage reply, int status, string reason)
    {
        Assert.Equal(status, (int)reply.StatusCode);
        Assert.Equal("application/problem+json", reply.Content.Headers.ContentType?.MediaType);
        JsonElement problem = await reply.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.Contains(reason, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    private async Task<HttpResponseMessage> PostAsync(byte[] run)
    {
        using var content = new ByteArrayContent(run);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        return await _http.PostAsync("/v1/transactions", content);
    }

    private async Task<JsonElement> GetAsync(string path)
    {
        using HttpResponseMessage reply = await _http.GetAsync(path);
        Assert.True(reply.IsSuccessStatusCode, $"{path}: {reply.StatusCode} {await reply.Content.ReadAsStringAsync()}");
        return await reply.Content.ReadFromJsonAsync<JsonElement>();
    }
}
