using System.Buffers.Binary;
using System.Security.Cryptography;
using Bft.Applications.KeyValue;
using Bft.Crypto.Signatures;
using Bft.Engine;

namespace Bft.Bench.Throughput;

/// <summary>Runs for the load: unsigned ones are put together as they are needed, signed ones were all made before the clock started.</summary>
internal sealed class RunSupply
{
    private readonly Chain _chain;
    private readonly ThroughputOptions _options;
    private readonly byte[] _value;
    private readonly byte[][] _names;
    private readonly ulong[] _sequences;
    private readonly List<Run> _signed = [];
    private int _next;
    private ulong _key;

    /// <summary>Makes the supply; for signed runs this takes a while on all processors.</summary>
    public RunSupply(Chain chain, ThroughputOptions options, IProgress<double>? progress = null)
    {
        _chain = chain;
        _options = options;
        _value = RandomNumberGenerator.GetBytes(options.ValueBytes);
        _names = [.. Enumerable.Range(0, options.Clients).Select(_ => RandomNumberGenerator.GetBytes(32))];
        _sequences = [.. Enumerable.Repeat(1UL, options.Clients)];
        if (!options.Unsigned)
        {
            Sign(progress);
        }
    }

    /// <summary>The next run, or null when the signed ones are used up.</summary>
    public Run? Next()
    {
        int at = _next++;
        if (!_options.Unsigned)
        {
            return at < _signed.Count ? _signed[at] : null;
        }

        int client = at % _names.Length;
        Run run = Run.WithoutSignature(_chain, _names[client], _sequences[client], Commands());
        _sequences[client] += (ulong)run.Count;
        return run;
    }

    private void Sign(IProgress<double>? progress)
    {
        ISigner[] signers = [.. _names.Select(seed => SignatureSchemes.Ed25519.CreateSigner(seed))];
        var work = new (int Client, ulong First, ReadOnlyMemory<byte>[] Commands)[_options.PreSigned];
        for (int i = 0; i < work.Length; i++)
        {
            int client = i % signers.Length;
            work[i] = (client, _sequences[client], Commands());
            _sequences[client] += (ulong)_options.RunTransactions;
        }

        var runs = new Run[work.Length];
        int done = 0;
        Parallel.For(0, work.Length, i =>
        {
            runs[i] = Run.Sign(_chain, signers[work[i].Client], work[i].First, work[i].Commands);
            if (Interlocked.Increment(ref done) % 10_000 == 0)
            {
                progress?.Report((double)done / work.Length);
            }
        });
        _signed.AddRange(runs);
    }

    private ReadOnlyMemory<byte>[] Commands()
    {
        var commands = new ReadOnlyMemory<byte>[_options.RunTransactions];
        Span<byte> key = stackalloc byte[16];
        for (int i = 0; i < commands.Length; i++)
        {
            ulong number = _key++ % (ulong)_options.Keys;
            System.Text.Encoding.ASCII.GetBytes(number.ToString("D16", System.Globalization.CultureInfo.InvariantCulture), key);
            BinaryPrimitives.WriteUInt64LittleEndian(_value, _key);
            commands[i] = KeyValueCommand.Put(key, _value);
        }

        return commands;
    }
}
