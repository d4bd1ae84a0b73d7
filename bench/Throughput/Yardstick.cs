using System.Diagnostics;
using System.Security.Cryptography;
using Bft.Crypto.Signatures;

namespace Bft.Bench.Throughput;

/// <summary>What this machine does of one well-known piece of work, in the same run: figures of different machines and hours compare only as ratios against it.</summary>
internal static class Yardstick
{
    private const int MessageBytes = 128;

    /// <summary>Microseconds of one Ed25519 verification (libsodium) while every core does the same.</summary>
    /// <param name="period">How long is measured.</param>
    public static double VerifyMicroseconds(TimeSpan period)
    {
        using ISigner signer = Ed25519Scheme.Instance.CreateSigner(RandomNumberGenerator.GetBytes(32));
        byte[] message = new byte[MessageBytes], signature = new byte[Ed25519Scheme.Instance.SignatureBytes];
        signer.Sign(message, signature);
        IVerifier verifier = Ed25519Scheme.Instance.CreateVerifier(signer.PublicKey.Span)!;
        int cores = Environment.ProcessorCount;
        long verified = 0;
        long start = Stopwatch.GetTimestamp();
        Thread[] threads = [.. Enumerable.Range(0, cores).Select(_ => new Thread(() =>
        {
            long own = 0;
            for (; Stopwatch.GetElapsedTime(start) < period && verifier.Verify(message, signature); own++)
            {
            }

            Interlocked.Add(ref verified, own);
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        return Math.Round(Stopwatch.GetElapsedTime(start).TotalMicroseconds * cores / Math.Max(1, verified), 1);
    }
}
