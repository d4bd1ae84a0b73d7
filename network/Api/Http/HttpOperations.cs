using System.Globalization;
using System.Text;
using System.Text.Json;
using Bft.Crypto;
using Bft.Engine;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Bft.Network.Api.Http;

/// <summary>The operations of the HTTP API. Parameters are parsed here and not by the framework, so that each refusal says what to do.</summary>
internal sealed class HttpOperations(IValidatorGateway gateway, ApiLimits limits, ReadGate reads, ResponseBudget responses)
{
    // Listed blocks never change: each is decoded once, however often pages ask for the latest ones.
    private readonly BlockDocument?[] _listed = new BlockDocument?[2 * ApiLimits.MaxListedBlocks];

    public const string KeysPrefix = "/v1/keys/";

    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web) { MaxDepth = 8 };

    public IResult Status() => Ok(DocumentsOf.Status(gateway));

    public IResult Evidence() => Ok(gateway.Evidence(ApiLimits.MaxListedBlocks).Select(DocumentsOf.Evidence));

    public Task<IResult> BlockAsync(HttpContext http, string which, string? transactions) => ReadAsync(http, () => Block(http, which, transactions));

    public Task<IResult> BlocksAsync(HttpContext http, string? latest, string? digest) => ReadAsync(http, () => digest is null ? Blocks(latest) : BlocksByDigest(digest));

    public Task<IResult> TransactionAsync(HttpContext http, string id) => ReadAsync(http, () => Transaction(id));

    private async Task<IResult> ReadAsync(HttpContext http, Func<IResult> read) =>
        await reads.ReadAsync(read, http.RequestAborted) is { Done: true } answer ? answer.Result! : Problems.Busy(reads.Refusal);

    // A transaction of one byte becomes an id, a name and its digits: 230 bytes were measured.
    private const int BytesOfATransaction = 256;

    // Bytes become two digits each, of two bytes in memory.
    private const int BytesOfAByte = 4;

    private IResult Block(HttpContext http, string which, string? transactions)
    {
        CommittedBlock? block;
        if (Digest.TryParse(which, out Digest digest))
        {
            block = gateway.Block(digest);
        }
        else if (TryNumber(which, out ulong height))
        {
            block = gateway.Block(new Height(height));
        }
        else
        {
            return Problems.Malformed($"\"{Cut(which)}\" is neither a height nor a digest of {2 * Digest.Size} hexadecimal digits.");
        }

        if (block is null)
        {
            return Problems.NotFound($"No committed block {Cut(which)} here; the last height is {gateway.CommittedHeight}.");
        }

        bool withTransactions = transactions != "false";
        long bytes = withTransactions ? ((long)BytesOfATransaction * block.Block.Payload.Transactions) + ((long)BytesOfAByte * block.Block.Encoded.Length) : 0;
        return responses.TryTake(http, bytes) ? Ok(DocumentsOf.Block(block, withTransactions)) : Problems.Busy(responses.Refusal);
    }

    private IResult Blocks(string? latest)
    {
        ulong count = 20;
        if (latest is not null && (!TryNumber(latest, out count) || count is 0 or > ApiLimits.MaxListedBlocks))
        {
            return Problems.Malformed($"latest: a number from 1 to {ApiLimits.MaxListedBlocks}, got \"{Cut(latest)}\".");
        }

        var blocks = new List<BlockDocument>();
        for (ulong height = gateway.CommittedHeight.Value; height > 0 && (ulong)blocks.Count < count; height--)
        {
            if (Listed(height) is { } block)
            {
                blocks.Add(block);
            }
        }

        return Ok(blocks);
    }

    private IResult BlocksByDigest(string digits) =>
        digits.Length is 0 or > 2 * Digest.Size || !digits.All(char.IsAsciiHexDigit)
            ? Problems.Malformed($"digest: 1 to {2 * Digest.Size} hexadecimal digits, got \"{Cut(digits)}\".")
            : Ok(gateway.BlocksByDigest(digits.ToLowerInvariant(), ApiLimits.MaxListedBlocks).Select(height => Listed(height.Value)).OfType<BlockDocument>().ToList());

    private BlockDocument? Listed(ulong height)
    {
        ref BlockDocument? place = ref _listed[height % (ulong)_listed.Length];
        BlockDocument? known = Volatile.Read(ref place);
        if (known?.Height == height)
        {
            return known;
        }

        if (gateway.Block(new Height(height)) is not { } block)
        {
            return null;
        }

        BlockDocument listed = DocumentsOf.Block(block, withTransactions: false);
        Volatile.Write(ref place, listed);
        return listed;
    }

    private IResult Transaction(string id)
    {
        if (!TransactionId.TryParse(id, out TransactionId transaction))
        {
            return Problems.Malformed($"\"{Cut(id)}\" is no transaction id: a client id of {2 * Digest.Size} hexadecimal digits, a colon, a sequence.");
        }

        return gateway.Transaction(transaction) is { } answer
            ? Ok(DocumentsOf.Transaction(transaction, answer))
            : Problems.NotFound($"Transaction {id} is not committed here: it may be waiting, or this validator may be behind.");
    }

    public async Task<IResult> KeyAsync(HttpContext http, string? prove, string? encoding, string? consistency)
    {
        if (!TryKey(http, encoding, out byte[] key, out string? malformed))
        {
            return Problems.Malformed(malformed!);
        }

        if (key.Length > limits.MaxKeyBytes)
        {
            return Problems.Malformed($"key: {key.Length} bytes, at most {limits.MaxKeyBytes} are looked up (MaxKeyBytes).");
        }

        if (prove == "true")
        {
            ProofAnswer answer = gateway.Prove(key);
            return answer.Proof is { } proof
                ? Ok(DocumentsOf.Key(gateway.Chain, key, proof))
                : Problems.Busy(answer.Refusal ?? "There is no certified state yet: ask again after the next blocks.");
        }

        switch (consistency ?? "stale")
        {
            case "stale":
                return Ok(DocumentsOf.Key(key, gateway.Query(key), readIndex: false));
            case "readIndex":
                return await WaitReadIndexAsync(http.RequestAborted) ?? Ok(DocumentsOf.Key(key, gateway.Query(key), readIndex: true));
            default:
                return Problems.Malformed($"consistency: stale or readIndex, got \"{Cut(consistency!)}\".");
        }
    }

    public async Task<IResult> SubmitAsync(HttpContext http)
    {
        (byte[]? encoded, IResult? refusal) = await ReadRunAsync(http);
        if (refusal is not null)
        {
            return refusal;
        }

        if (!Run.TryDecode(gateway.Chain, encoded, out Run? run))
        {
            return Problems.Malformed($"The run ({encoded!.Length} bytes) is malformed, of an unknown signature scheme, or beyond the chain's limits.");
        }

        SubmitAnswer answer = gateway.Submit(run!);
        switch (answer.Verdict)
        {
            case SubmitVerdict.Full:
                http.Response.Headers.RetryAfter = "1";
                return Problems.Busy(answer.Reason ?? "The mempool is full: send the same bytes again later, or to another validator.");
            case SubmitVerdict.Rejected:
                return Problems.Rejected(answer.Reason ?? "The run was rejected.");
            default:
                SubmittedDocument document = DocumentsOf.Submitted(run!, answer);
                http.Response.Headers.Location = $"/v1/transactions/{new TransactionId(run!.Client, run.Last)}";
                return Results.Json(document, Json, statusCode: answer.Verdict == SubmitVerdict.Executed ? StatusCodes.Status200OK : StatusCodes.Status202Accepted);
        }
    }

    internal static bool TryNumber(string text, out ulong number) => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    internal static string Cut(string text) => text.Length <= 80 ? text : text[..80] + "…";

    private static IResult Ok<T>(T document) => Results.Json(document, Json);

    private async ValueTask<IResult?> WaitReadIndexAsync(CancellationToken cancellation)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(limits.ReadTimeout);
        try
        {
            ReadIndexAnswer answer = await gateway.ReadIndexAsync(timeout.Token);
            if (answer.Refusal is { } refusal)
            {
                return Problems.Busy($"No linearizable read here now ({refusal}): ask another validator.");
            }

            await gateway.WaitExecutedAsync(answer.AtLeast, timeout.Token);
            return null;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return Problems.TooLate($"This validator did not reach its read index within {limits.ReadTimeout}: ask another.");
        }
    }

    // From the request line as it was sent: the decoded path cannot tell a slash in a key from one between segments.
    private static bool TryKey(HttpContext http, string? encoding, out byte[] key, out string? malformed)
    {
        key = [];
        malformed = null;
        string target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        int start = target.IndexOf(KeysPrefix, StringComparison.Ordinal);
        int end = target.IndexOf('?', StringComparison.Ordinal);
        if (start < 0)
        {
            malformed = $"The key follows {KeysPrefix} in the path, percent-encoded.";
            return false;
        }

        string text = Uri.UnescapeDataString(target[(start + KeysPrefix.Length)..(end < 0 ? target.Length : end)]);
        switch (encoding ?? "text")
        {
            case "text":
                key = Encoding.UTF8.GetBytes(text);
                return true;
            case "hex" when TryHex(text, out key):
                return true;
            default:
                malformed = "encoding: text (the default) or hex, and with hex an even number of hexadecimal digits as the key.";
                return false;
        }
    }

    private async Task<(byte[]? Run, IResult? Refusal)> ReadRunAsync(HttpContext http)
    {
        int most = Math.Max(limits.MaxHttpBodyBytes, (2 * gateway.Chain.Limits.MaxRunBytes) + 64);
        bool isTooLarge = http.Request.ContentLength > most;
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            // A body that is refused is read past for a few seconds: closing on it would take the refusal from the client's hands.
            limit.MaxRequestBodySize = isTooLarge ? null : most;
        }

        if (isTooLarge)
        {
            return (null, Problems.TooLarge($"The body has {http.Request.ContentLength} bytes, at most {most} are read: send fewer transactions in a run."));
        }

        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        // The route takes these two content types and no other.
        return http.Request.ContentType?.StartsWith("application/octet-stream", StringComparison.OrdinalIgnoreCase) == true
            ? (body.ToArray(), null)
            : ParseRun(body.ToArray());
    }

    private static (byte[]? Run, IResult? Refusal) ParseRun(byte[] body)
    {
        SubmitDocument? document;
        try
        {
            document = JsonSerializer.Deserialize<SubmitDocument>(body, Json);
        }
        catch (JsonException bad)
        {
            return (null, Problems.Malformed($"The body is not the JSON that is expected (line {bad.LineNumber + 1}, byte {bad.BytePositionInLine}): an object with runBase64 or runHex."));
        }

        if (document is { RunHex: { } hex, RunBase64: null })
        {
            return TryHex(hex, out byte[] run) ? (run, null) : (null, Problems.Malformed("runHex: not an even number of hexadecimal digits."));
        }

        if (document is { RunBase64: { } base64, RunHex: null })
        {
            var run = new byte[(base64.Length / 4 * 3) + 3];
            return Convert.TryFromBase64String(base64, run, out int written)
                ? (run[..written], null)
                : (null, Problems.Malformed("runBase64: not base64."));
        }

        return (null, Problems.Malformed("One of runBase64 and runHex is needed: the signed run in its canonical encoding."));
    }

    private static bool TryHex(string text, out byte[] bytes)
    {
        bytes = new byte[text.Length / 2];
        return text.Length % 2 == 0 && Convert.FromHexString(text, bytes, out _, out _) == System.Buffers.OperationStatus.Done;
    }
}
