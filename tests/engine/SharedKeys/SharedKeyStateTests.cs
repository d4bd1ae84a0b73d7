using Bft.Applications.KeyValue;
using Bft.Crypto;
using Bft.Crypto.Signatures;
using Bft.Engine.Encoding;
using Bft.Engine.Execution;
using Bft.Engine.SharedKeys;
using Bft.Engine.Tests.Execution;

namespace Bft.Engine.Tests.SharedKeys;

/// <summary>A generation in the replicated state: joined into the root, kept in snapshots, the same after a restart in its midst.</summary>
public sealed class SharedKeyStateTests
{
    private readonly GenerationRoom _room = new();
    private readonly TestBlocks _blocks;
    private readonly ISigner _client = Ed25519Scheme.Instance.CreateSigner([.. Enumerable.Repeat((byte)77, 32)]);
    private ulong _sequence;

    public SharedKeyStateTests() => _blocks = new TestBlocks(_room.Chain);

    [Fact]
    public void A_chain_on_which_nobody_called_has_the_roots_and_snapshots_it_always_had()
    {
        Executor with = Make(), without = new(_room.Chain, new KeyValueApplication());
        CommittedBlock block = _blocks.Next(Signed(KeyValueCommand.Put("a"u8, "b"u8)));
        Assert.Equal(without.Point, with.Point);
        Assert.Equal(without.Execute(block).Point, with.Execute(block).Point);
        Assert.Equal(Snapshot(without), Snapshot(with));
    }

    [Fact]
    public void Commands_of_both_kinds_in_one_block_go_where_they_belong()
    {
        Executor executor = Make();
        ExecutionResult result = executor.Execute(_blocks.Next(Signed(
            KeyValueCommand.Put("a"u8, "b"u8), _room.Participants[0].Call(0, _room.Call(), Digest.None), KeyValueCommand.Delete("none"u8), (byte[])[.. SharedKeyMessage.Magic, 9])));
        Assert.Equal([KeyValueCodes.Ok, SharedKeyCodes.Ok, KeyValueCodes.Absent, SharedKeyCodes.Malformed], Enumerable.Range(0, 4).Select(i => result.Receipts[0].CodeAt(i)));
        ExecutedHeight last = executor.Recent(new Height(1))!.Value;
        Assert.NotEqual(Digest.None, last.SharedKeysRoot);
        Assert.Equal(last.Point.StateRoot, Executor.JoinRoots(_room.Chain, last.ApplicationRoot, last.SessionsRoot, 4, last.SharedKeysRoot));
        Assert.NotEqual(last.Point.StateRoot, Executor.JoinRoots(_room.Chain, last.ApplicationRoot, last.SessionsRoot, 4));
    }

    [Fact]
    public void A_proof_of_a_key_holds_beside_a_generation_and_not_without_its_root()
    {
        var application = new KeyValueApplication(new KeyValueOptions { History = 4 });
        var executor = new Executor(_room.Chain, application, sharedKeys: Registry());
        executor.Execute(_blocks.Next(Signed(KeyValueCommand.Put("a"u8, "b"u8), _room.Participants[0].Call(0, _room.Call(), Digest.None))));
        ProvedRead proved = new StateReader(executor, application).Prove("a"u8, new Height(1))!;
        var writer = new CanonicalWriter();
        proved.Proof.Encode(writer);
        StateProof decoded = StateProof.Decode(writer.ToArray())!;
        Assert.True(decoded.Shows(_room.Chain, proved.Point, "a"u8, true, "b"u8));
        Assert.False((decoded with { SharedKeysRoot = Digest.None }).Verify(_room.Chain, proved.Point, "a"u8, out _));
        Assert.Null(StateProof.Decode((byte[])[.. writer.ToArray(), 0]));
        Assert.Null(StateProof.Decode((byte[])[.. writer.ToArray().AsSpan(0, writer.Length - 32), .. new byte[32]]));
    }

    [Fact]
    public void A_snapshot_at_any_height_of_a_generation_goes_on_to_the_same_key()
    {
        Executor first = Make(out SharedKeyRegistry registry);
        first.Execute(_blocks.Next(Signed(_room.Participants[0].Call(0, _room.Call(), Digest.None))));
        first.Execute(_blocks.Next(Signed(_room.Participants[1].Call(1, _room.Call(), Digest.None))));
        _room.Registry = registry;
        var snapshots = new List<(StatePoint Point, byte[] Content, int Blocks)>();
        var blocks = new List<CommittedBlock>();
        for (int i = 0; registry.Generation is { IsRunning: true } && i < 60; i++)
        {
            snapshots.Add((first.Point, Snapshot(first), blocks.Count));

            // Member 2 falls silent in the midst, so that deadlines count as well.
            byte[][] words = [.. Enumerable.Range(0, 4)
                .Where(member => member != 2 || registry.Generation.Phase < GenerationPhase.Complaining)
                .Select(member => _room.Participants[member].Next(registry.Generation, _room.Seed(member)))
                .Where(word => word is not null).Select(word => word!)];
            CommittedBlock block = words.Length == 0 ? _blocks.Next() : _blocks.Next(Signed([.. words.Select(word => (ReadOnlyMemory<byte>)word)]));
            blocks.Add(block);
            first.Execute(block);
        }

        snapshots.Add((first.Point, Snapshot(first), blocks.Count));
        Assert.Null(registry.Generation!.Outcome!.Failure);
        Assert.True(snapshots.Count > 6);
        foreach ((StatePoint point, byte[] content, int done) in snapshots)
        {
            Executor restarted = Make(out SharedKeyRegistry other);
            restarted.ReadSnapshot(point, new MemoryStream(content));
            Assert.Equal(content, Snapshot(restarted));
            foreach (CommittedBlock block in blocks.Skip(done))
            {
                restarted.Execute(block);
            }

            Assert.Equal(first.Point, restarted.Point);
            Assert.Equal(registry.View.Key!.Encode(), other.View.Key!.Encode());
        }
    }

    [Fact]
    public void A_snapshot_with_shared_keys_that_was_changed_is_refused()
    {
        Executor first = Make();
        first.Execute(_blocks.Next(Signed(_room.Participants[0].Call(0, _room.Call(), Digest.None))));
        byte[] content = Snapshot(first);
        var random = new Random(5);
        for (int round = 0; round < 40; round++)
        {
            byte[] changed = [.. content];
            changed[random.Next(changed.Length)] ^= (byte)(1 << random.Next(8));
            Assert.Throws<InvalidDataException>(() => Make().ReadSnapshot(first.Point, new MemoryStream(changed)));
        }

        Assert.Throws<InvalidDataException>(() => new Executor(_room.Chain, new KeyValueApplication()).ReadSnapshot(first.Point, new MemoryStream(content)));
    }

    [Fact]
    public void An_outcome_has_one_encoding()
    {
        _room.Start(_room.Call());
        _room.Silent = (member, _) => member == 3;
        SharedKeyOutcome outcome = _room.Run();
        byte[] encoded = outcome.Encode();
        SharedKeyOutcome read = SharedKeyOutcome.Decode(encoded)!;
        Assert.Equal(encoded, read.Encode());
        Assert.Equal(outcome.Blamed.ToArray(), read.Blamed.ToArray());
        Assert.Null(SharedKeyOutcome.Decode(encoded.AsMemory(1)));
        Assert.Null(SharedKeyOutcome.Decode((byte[])[.. encoded, 0]));
    }

    private SharedKeyRegistry Registry() => new(_room.Chain, _room.Identities);

    private Executor Make() => Make(out _);

    private Executor Make(out SharedKeyRegistry registry)
    {
        registry = Registry();
        return new Executor(_room.Chain, new KeyValueApplication(), sharedKeys: registry);
    }

    private Run Signed(params ReadOnlyMemory<byte>[] commands)
    {
        var run = Run.Sign(_room.Chain, _client, _sequence + 1, commands);
        _sequence += (ulong)commands.Length;
        return run;
    }

    private static byte[] Snapshot(Executor executor)
    {
        using var stream = new MemoryStream();
        executor.Snapshot()(stream);
        return stream.ToArray();
    }
}
