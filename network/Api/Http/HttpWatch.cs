using System.Globalization;
using System.Text.Json;
using Bft.Engine;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace Bft.Network.Api.Http;

/// <summary>
/// Committed blocks as they come: server-sent events for browsers (<c>Accept: text/event-stream</c>), else one JSON object a line.
/// A block is taken from the ledger when the one before it was written, so a slow reader holds one block; Kestrel's least data
/// rate ends one that does not read at all.
/// </summary>
internal sealed class HttpWatch(IValidatorGateway gateway, WatchGate watchers, IHostApplicationLifetime lifetime)
{
    private static readonly byte[] NewLine = "\n"u8.ToArray();

    public async Task<IResult> RunAsync(HttpContext http, string? from)
    {
        bool events = http.Request.Headers.Accept.ToString().Contains("text/event-stream", StringComparison.OrdinalIgnoreCase);
        if (!TryStart(http, from, out Height start))
        {
            return Problems.Malformed($"from: a height, got \"{HttpOperations.Cut(from ?? string.Empty)}\".");
        }

        using StreamPlace? place = watchers.TryEnter(http.Connection.RemoteIpAddress, out string? refusal);
        if (place is null)
        {
            return Problems.Busy(refusal!);
        }

        http.Response.ContentType = events ? "text/event-stream" : "application/x-ndjson";
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping, place.Displaced);
        try
        {
            await http.Response.StartAsync(ended.Token);
            await http.Response.Body.FlushAsync(ended.Token);
            await foreach (CommittedBlock block in gateway.Watch(start, ended.Token))
            {
                await WriteAsync(http.Response.Body, block, events, ended.Token);
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The reader left, gave way to another or the validator stops: the stream just ends, and is resumed with the height after the last.
        }

        return Results.Empty;
    }

    // A browser that lost its connection says which event it saw last.
    private bool TryStart(HttpContext http, string? from, out Height start)
    {
        string last = http.Request.Headers["Last-Event-ID"].ToString();
        if (HttpOperations.TryNumber(last, out ulong seen) && seen < ulong.MaxValue)
        {
            start = new Height(seen + 1);
            return true;
        }

        ulong height = 0;
        if (from is not null && !HttpOperations.TryNumber(from, out height))
        {
            start = default;
            return false;
        }

        start = from is null ? gateway.CommittedHeight.Next() : new Height(Math.Max(1, height));
        return true;
    }

    private static async Task WriteAsync(Stream body, CommittedBlock block, bool events, CancellationToken cancellation)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(DocumentsOf.Block(block, withTransactions: false), HttpOperations.Json);
        if (events)
        {
            string head = string.Create(CultureInfo.InvariantCulture, $"id: {block.Block.Height}\nevent: block\ndata: ");
            await body.WriteAsync(System.Text.Encoding.ASCII.GetBytes(head), cancellation);
        }

        await body.WriteAsync(json, cancellation);
        await body.WriteAsync(NewLine, cancellation);
        if (events)
        {
            await body.WriteAsync(NewLine, cancellation);
        }

        await body.FlushAsync(cancellation);
    }
}
