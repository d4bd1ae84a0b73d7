using BenchmarkDotNet.Attributes;
using Bft.Applications.KeyValue;
using Bft.Crypto;
using Bft.Crypto.Certificates;
using Bft.Crypto.Signatures;
using Bft.Engine;
using Bft.Engine.Encoding;
using Bft.Ledger;
using Bft.Ledger.Disks;

namespace Bft.Bench.Micro;

/// <summary>Signing, verifying, certificates.</summary>
[MemoryDiagnoser]
public class SignatureBenchmarks
{
    private readonly byte[] _message = new byte[Statement.SignedBytes];
    private readonly byte[] _signature = new byte[64];
    private readonly ISigner[] _signers = [.. Enumerable.Range(1, 4).Select(i => SignatureSchemes.Ed25519.CreateSigner([.. Enumerable.Repeat((byte)i, 32)]))];
    private ICertificateScheme _scheme = null!;
    private byte[] _certificate = [];

    /// <summary>Makes a certificate of three of four.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _scheme = CertificateSchemes.Create("ed25519", [.. _signers.Select(signer => signer.PublicKey)]);
        List<ReadOnlyMemory<byte>> signatures = [];
        foreach (ISigner signer in _signers.Take(3))
        {
            var signature = new byte[64];
            signer.Sign(_message, signature);
            signatures.Add(signature);
        }

        _certificate = _scheme.Combine([0, 1, 2], signatures);
        _signers[0].Sign(_message, _signature);
    }

    /// <summary>One signature over a statement.</summary>
    [Benchmark]
    public void Sign() => _signers[0].Sign(_message, _signature);

    /// <summary>One verification.</summary>
    [Benchmark]
    public bool Verify() => _scheme.VerifyVote(0, _message, _signature);

    /// <summary>A certificate of three signatures.</summary>
    [Benchmark]
    public bool VerifyCertificate() => _scheme.VerifyCertificate([0, 1, 2], _message, _certificate);
}

/// <summary>Encoding and decoding a block of 400 transactions of 128 bytes in runs of 64.</summary>
[MemoryDiagnoser]
public class CodecBenchmarks
{
    private readonly Chain _chain = new(HashFunction.Sha256.Hash("bench"u8), "hotstuff", new Committee(4), HashFunction.Sha256, acceptUnsigned: true);
    private Block _block = null!;

    /// <summary>Makes the block.</summary>
    [GlobalSetup]
    public void Setup()
    {
        byte[] command = KeyValueCommand.Put(new byte[16].AsSpan(), new byte[128]);
        List<Run> runs = [.. Enumerable.Range(0, 7).Select(i => Run.WithoutSignature(_chain, new byte[32], (ulong)((i * 64) + 1), [.. Enumerable.Repeat((ReadOnlyMemory<byte>)command, i == 6 ? 16 : 64)]))];
        Payload payload = Payload.Of(_chain, runs);
        _block = new Block(_chain, _chain.GenesisBlock.Header with { PayloadRoot = payload.Root, Height = new Height(1) }, payload, _chain.GenesisCertificate);
    }

    /// <summary>Payload root, header digest, bytes.</summary>
    [Benchmark]
    public Block Encode() => new(_chain, _block.Header, Payload.Of(_chain, _block.Payload.Runs), _chain.GenesisCertificate);

    /// <summary>Back, all digests checked, slices over the buffer.</summary>
    [Benchmark]
    public bool Decode() => Block.TryDecode(_chain, _block.Encoded, out _);

    /// <summary>A vote into a reused buffer.</summary>
    [Benchmark]
    public int EncodeVote()
    {
        _writer.Clear();
        new Vote(new Statement(StatementKind.Vote, default, new View(7), new Height(7), _block.Digest), new ReplicaId(1), _signature).Encode(_writer);
        return _writer.Length;
    }

    private readonly CanonicalWriter _writer = new();
    private readonly byte[] _signature = new byte[64];
}

/// <summary>A safety record made durable: append and flush.</summary>
[MemoryDiagnoser]
public class JournalBenchmarks
{
    private readonly string _directory = Path.Combine(Path.GetTempPath(), $"bft-journal-{Environment.ProcessId}");
    private Journal _journal = null!;
    private SafetyRecord _record = null!;

    /// <summary>Opens a journal on the temporary directory's disk.</summary>
    [GlobalSetup]
    public void Setup()
    {
        var chain = new Chain(HashFunction.Sha256.Hash("bench"u8), "hotstuff", new Committee(4), HashFunction.Sha256);
        _journal = Journal.Open(new FileDisk(_directory), chain);
        _record = new SafetyRecord(new RecordKey(1), new byte[200]);
    }

    /// <summary>Removes it.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _journal.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>One turn of a follower without its block.</summary>
    [Benchmark]
    public void AppendAndFlush()
    {
        _journal.Append(_record);
        _journal.Flush();
    }
}
