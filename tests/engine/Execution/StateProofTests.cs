using Bft.Applications.KeyValue;
using Bft.Crypto;
using Bft.Engine.Encoding;
using Bft.Engine.Execution;

namespace Bft.Engine.Tests.Execution;

public sealed class StateProofTests
{
    private readonly Chain _chain = TestChain.Create();
    private readonly TestBlocks _blocks;
    private readonly Executor _executor;
    private readonly StateReader _reader;
    private ulong _sequence;

    public StateProofTests()
    {
        var application = new KeyValueApplication();
        _blocks = new TestBlocks(_chain);
        _executor = new Executor(_chain, application);
        _reader = new StateReader(_executor, application);
    }

    [Fact]
    public void A_value_and_an_absence_are_proved_against_the_state_point()
    {
        StatePoint point = Put("color", "blue");
        ProvedRead present = _reader.Prove("color"u8, point.Height)!;
        Assert.Equal(point, present.Point);
        Assert.Equal("blue"u8, present.Answer.Value.Span);
        Assert.True(present.Proof.Verify(_chain, point, "color"u8, out Digest? valueHash));
        Assert.Equal(HashFunction.Sha256.Hash("blue"u8), valueHash);
        Assert.True(present.Proof.Shows(_chain, point, "color"u8, true, "blue"u8));
        Assert.False(present.Proof.Shows(_chain, point, "color"u8, true, "red"u8));
        Assert.False(present.Proof.Shows(_chain, point, "color"u8, false, []));

        ProvedRead absent = _reader.Prove("colour"u8, point.Height)!;
        Assert.False(absent.Answer.Found);
        Assert.True(absent.Proof.Verify(_chain, point, "colour"u8, out valueHash));
        Assert.Null(valueHash);
        Assert.True(absent.Proof.Shows(_chain, point, "colour"u8, false, []));
        Assert.False(absent.Proof.Shows(_chain, point, "colour"u8, true, []));
    }

    [Fact]
    public void A_lagging_height_is_proved_with_the_value_it_had()
    {
        List<StatePoint> points = [_executor.Point];
        for (int i = 1; i <= 12; i++)
        {
            points.Add(i == 8 ? Execute(KeyValueCommand.Delete("k"u8)) : Put(i % 3 == 0 ? "other" : "k", $"v{i}"));
        }

        string?[] expected = [null, "v1", "v2", "v2", "v4", "v5", "v5", "v7", null, null, "v10", "v11", "v11"];
        for (int height = 0; height <= 12; height++)
        {
            ProvedRead read = _reader.Prove("k"u8, new Height((ulong)height))!;
            Assert.Equal(new Height((ulong)height), read.Answer.Height);
            Assert.Equal(expected[height], read.Answer.Found ? System.Text.Encoding.UTF8.GetString(read.Answer.Value.Span) : null);
            Assert.True(read.Proof.Shows(_chain, points[height], "k"u8, read.Answer.Found, read.Answer.Value.Span));
        }
    }

    [Fact]
    public void Heights_not_reached_or_no_longer_kept_are_not_proved()
    {
        for (int i = 0; i < 40; i++)
        {
            Put("k", $"v{i}");
        }

        Assert.Null(_reader.Prove("k"u8, new Height(41)));
        Assert.Null(_reader.Prove("k"u8, new Height(10)));
        Assert.NotNull(_reader.Prove("k"u8, new Height(40 - 15)));
    }

    [Fact]
    public void A_proof_is_for_its_own_key_point_and_chain_only()
    {
        StatePoint before = Put("a", "1");
        StatePoint point = Put("a", "1");
        StateProof proof = _reader.Prove("a"u8, point.Height)!.Proof;
        Assert.True(proof.Verify(_chain, point, "a"u8, out _));
        Assert.False(proof.Verify(_chain, before, "a"u8, out _));
        Assert.False(proof.Verify(_chain, point with { Height = before.Height }, "a"u8, out _));
        Assert.False(proof.Verify(TestChain.Create(name: "foreign"), point, "a"u8, out _));
        Assert.False(proof.Shows(_chain, point, "b"u8, true, "1"u8));
    }

    [Fact]
    public void No_changed_byte_of_a_proof_holds()
    {
        StatePoint point = default;
        for (int i = 0; i < 5; i++)
        {
            point = Put($"key {i}", $"value {i}");
        }

        foreach ((string key, bool found) in new[] { ("key 3", true), ("none", false) })
        {
            byte[] keyBytes = System.Text.Encoding.UTF8.GetBytes(key);
            byte[] encoded = Encode(_reader.Prove(keyBytes, point.Height)!.Proof);
            Assert.True(StateProof.Decode(encoded)!.Shows(_chain, point, keyBytes, found, "value 3"u8));
            for (int place = 0; place < encoded.Length; place++)
            {
                byte[] tampered = (byte[])encoded.Clone();
                tampered[place] ^= 0x04;
                Assert.False(StateProof.Decode(tampered)?.Verify(_chain, point, keyBytes, out _) ?? false, $"byte {place}");
                Assert.Null(StateProof.Decode(encoded.AsMemory(0, place)));
            }

            Assert.Null(StateProof.Decode((byte[])[.. encoded, 0]));
        }
    }

    private static byte[] Encode(StateProof proof)
    {
        var writer = new CanonicalWriter();
        proof.Encode(writer);
        return writer.ToArray();
    }

    private StatePoint Put(string key, string value) =>
        Execute(KeyValueCommand.Put(System.Text.Encoding.UTF8.GetBytes(key), System.Text.Encoding.UTF8.GetBytes(value)));

    private StatePoint Execute(byte[] command) => _executor.Execute(_blocks.Next(_chain.Run(1, ++_sequence, command))).Point;
}
