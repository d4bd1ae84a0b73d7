using Bft.Applications.KeyValue;
using Bft.Crypto;
using Bft.Crypto.Merkle;
using Bft.Engine.Execution;
using Bft.Engine.Tests.Execution;
using CsCheck;

namespace Bft.Engine.Tests.Applications;

public sealed class KeyValueApplicationTests
{
    private readonly Chain _chain = TestChain.Create();
    private readonly KeyValueApplication _application = new();
    private ulong _height;

    public KeyValueApplicationTests() => _application.InitChain(_chain);

    [Fact]
    public void Commands_of_a_block_see_one_another()
    {
        Assert.Equal(
            [KeyValueCodes.Ok, KeyValueCodes.Ok, KeyValueCodes.Absent, KeyValueCodes.Ok, KeyValueCodes.Ok, KeyValueCodes.Malformed, KeyValueCodes.Absent],
            Execute(Put("a", "1"), Delete("a"), Delete("a"), Put("a", "2"), KeyValueCommand.Barrier(), [9], Delete("b")));
        Assert.Equal("2", Value("a"));
        Assert.Equal([KeyValueCodes.Ok, KeyValueCodes.Ok], Execute(Put("a", "3"), Delete("a")));
        Assert.Null(Value("a"));
        Assert.Equal(0, _application.Count);
    }

    [Fact]
    public void A_query_sees_committed_heights_only()
    {
        Execute(Put("k", "old"));
        QueryResult before = _application.Query("k"u8, null);
        var codes = new byte[2];
        Digest root = _application.FinalizeBlock(new BlockContext(new Height(2), 0), [Put("k", "new"), Put("x", "y")], codes);
        QueryResult during = _application.Query("k"u8, new Height(1));
        Assert.Equal(before.Root, during.Root);
        Assert.Equal(new Height(1), during.Height);
        Assert.Equal("old"u8, during.Value.Span);
        Assert.True(MerkleProof.Verify(during.Proof!, before.Root, HashFunction.Sha256.Hash("k"u8), out Digest? valueHash));
        Assert.Equal(HashFunction.Sha256.Hash("old"u8), valueHash);
        Assert.False(_application.Query("x"u8, null).Found);
        Assert.Null(_application.Query("k"u8, new Height(2)).Proof);
        _application.Commit(new Height(2));
        Assert.Equal(root, _application.Query("k"u8, null).Root);
        Assert.Equal("new", Value("k"));
    }

    [Fact]
    public void Overwritten_values_are_kept_within_their_bound()
    {
        var application = new KeyValueApplication(new KeyValueOptions { HistoryBytes = 100_000 });
        application.InitChain(_chain);
        for (ulong height = 1; height <= 5; height++)
        {
            application.FinalizeBlock(new BlockContext(new Height(height), 0), [KeyValueCommand.Put("k"u8, new byte[60_000])], new byte[1]);
            application.Commit(new Height(height));
        }

        Assert.NotNull(application.Query("k"u8, new Height(5)).Proof);
        Assert.NotNull(application.Query("k"u8, new Height(4)).Proof);
        QueryResult older = application.Query("k"u8, new Height(3));
        Assert.Null(older.Proof);
        Assert.Equal(new Height(5), older.Height);
    }

    [Fact]
    public void A_new_key_whose_bucket_is_full_is_refused_and_old_ones_go_on()
    {
        // Keys ground until their hashes collide in the leading eight bits, the depth of an empty tree.
        List<string> colliding = [];
        for (int i = 0; colliding.Count <= 1024; i++)
        {
            string key = $"key {i}";
            if (HashFunction.Sha256.Hash(System.Text.Encoding.UTF8.GetBytes(key)).Prefix >> 56 == 0)
            {
                colliding.Add(key);
            }
        }

        byte[] codes = Execute([.. colliding.Select(key => Put(key, "v")), Put(colliding[0], "w"), Delete(colliding[1]), Put(colliding[^1], "z"), Put(colliding[1], "late")]);
        Assert.All(codes[..1024], code => Assert.Equal(KeyValueCodes.Ok, code));
        Assert.Equal([KeyValueCodes.Full, KeyValueCodes.Ok, KeyValueCodes.Ok, KeyValueCodes.Ok, KeyValueCodes.Full], codes[1024..]);
        Assert.Equal("w", Value(colliding[0]));
        Assert.Equal("z", Value(colliding[^1]));
        Assert.Null(Value(colliding[1]));
    }

    [Fact]
    public void The_steps_of_a_block_come_in_their_order()
    {
        Execute(Put("a", "1"));
        Assert.Throws<InvalidOperationException>(() => _application.Commit(new Height(2)));
        Assert.Throws<InvalidOperationException>(() => _application.FinalizeBlock(new BlockContext(new Height(1), 0), [], []));
        _application.FinalizeBlock(new BlockContext(new Height(2), 0), [], []);
        Assert.Throws<InvalidOperationException>(() => _application.FinalizeBlock(new BlockContext(new Height(3), 0), [], []));
    }

    [Fact]
    public void Values_proofs_and_roots_are_those_of_a_plain_dictionary()
    {
        Gen<(int Key, int? Value)[][]> blocks = Gen.Select(Gen.Int[0, 30], Gen.Int[0, 400].Nullable(0.3)).Array[0, 40].Array[1, 8];
        blocks.Sample(
            content =>
            {
                var application = new KeyValueApplication();
                application.InitChain(_chain);
                var model = new SortedDictionary<string, string>(StringComparer.Ordinal);
                Digest root = default;
                for (int block = 0; block < content.Length; block++)
                {
                    byte[] expected = [.. content[block].Select(change => Change(model, change))];
                    ReadOnlyMemory<byte>[] commands = [.. content[block].Select(change => (ReadOnlyMemory<byte>)(change.Value is { } value ? Put(Key(change.Key), Long(value)) : Delete(Key(change.Key))))];
                    var codes = new byte[commands.Length];
                    root = application.FinalizeBlock(new BlockContext(new Height((ulong)block + 1), 0), commands, codes);
                    application.Commit(new Height((ulong)block + 1));
                    Assert.Equal(expected, codes);
                }

                var tree = new BucketTree();
                tree.Apply([.. model.Select(entry => TreeUpdate.Set(Hash(entry.Key), Hash(entry.Value)))]);
                Assert.Equal(tree.Commit(1), root);
                for (int key = 0; key <= 30; key++)
                {
                    QueryResult answer = application.Query(System.Text.Encoding.UTF8.GetBytes(Key(key)), new Height((ulong)content.Length));
                    Assert.Equal(model.TryGetValue(Key(key), out string? value), answer.Found);
                    Assert.Equal(value ?? "", System.Text.Encoding.UTF8.GetString(answer.Value.Span));
                    Assert.True(MerkleProof.Verify(answer.Proof!, root, Hash(Key(key)), out Digest? valueHash));
                    Assert.Equal(value is null ? null : Hash(value), valueHash);
                }
            },
            iter: 100);
    }

    private static string Key(int key) => $"{new string('k', 1 + (key % 4))}{key}";

    private static string Long(int value) => new('v', value * value / 40);

    private static Digest Hash(string text) => HashFunction.Sha256.Hash(System.Text.Encoding.UTF8.GetBytes(text));

    private static byte Change(SortedDictionary<string, string> model, (int Key, int? Value) change)
    {
        if (change.Value is { } value)
        {
            model[Key(change.Key)] = Long(value);
            return KeyValueCodes.Ok;
        }

        return model.Remove(Key(change.Key)) ? KeyValueCodes.Ok : KeyValueCodes.Absent;
    }

    private static byte[] Put(string key, string value) => KeyValueCommand.Put(System.Text.Encoding.UTF8.GetBytes(key), System.Text.Encoding.UTF8.GetBytes(value));

    private static byte[] Delete(string key) => KeyValueCommand.Delete(System.Text.Encoding.UTF8.GetBytes(key));

    private byte[] Execute(params byte[][] commands)
    {
        var codes = new byte[commands.Length];
        _application.FinalizeBlock(new BlockContext(new Height(++_height), 0), [.. commands.Select(command => (ReadOnlyMemory<byte>)command)], codes);
        _application.Commit(new Height(_height));
        return codes;
    }

    private string? Value(string key)
    {
        QueryResult answer = _application.Query(System.Text.Encoding.UTF8.GetBytes(key), null);
        return answer.Found ? System.Text.Encoding.UTF8.GetString(answer.Value.Span) : null;
    }
}
