using System.Net;
using System.Net.Http.Headers;

namespace Bft.Network.Tests;

/// <summary>The body of a gRPC request that sends some bytes and leaves the stream open until it is disposed.</summary>
internal sealed class OpenContent : HttpContent
{
    private readonly byte[] _bytes;
    private readonly TaskCompletionSource _disposed = new();

    public OpenContent(byte[] bytes)
    {
        _bytes = bytes;
        Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
    }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await stream.WriteAsync(_bytes);
        await stream.FlushAsync();
        await _disposed.Task;
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        _disposed.TrySetResult();
        base.Dispose(disposing);
    }
}
