using Microsoft.AspNetCore.Http;

namespace Bft.Network.Api;

/// <summary>
/// Bounds the large answers that are on their way to clients, over gRPC and HTTP together: an answer lives until its client has read it, which a client can
/// delay. What is beyond is refused, and who reads too slowly is hung up on. Thread-safe.
/// </summary>
public sealed class ResponseBudget(ApiLimits limits)
{
    private long _taken;

    /// <summary>What is said to a read that found no room.</summary>
    public string Refusal => $"Answers of {limits.MaxResponseBytes} bytes in all are on their way to clients already (MaxResponseBytes): ask another validator, or later.";

    /// <summary>The bytes taken now.</summary>
    internal long Taken => Interlocked.Read(ref _taken);

    /// <summary>Takes room for an answer until it was read to its end, its client went, or <see cref="ApiLimits.ResponseTimeout"/> is over.</summary>
    /// <param name="http">The request.</param>
    /// <param name="bytes">What the answer takes in memory, about.</param>
    /// <returns>False when there is no room.</returns>
    public bool TryTake(HttpContext http, long bytes)
    {
        if (Interlocked.Add(ref _taken, bytes) > limits.MaxResponseBytes)
        {
            Interlocked.Add(ref _taken, -bytes);
            return false;
        }

        var late = new CancellationTokenSource(limits.ResponseTimeout);
        late.Token.UnsafeRegister(static context => ((HttpContext)context!).Abort(), http);
        http.Response.OnCompleted(() =>
        {
            late.Dispose();
            Interlocked.Add(ref _taken, -bytes);
            return Task.CompletedTask;
        });
        return true;
    }
}
