using Bft.Crypto.Bls12381;
using CsCheck;

namespace Bft.Crypto.Tests.Bls12381;

/// <summary>The scheme's promises, for both assignments of the groups.</summary>
public abstract class BlsSchemeTests<TKey, TSignature>(BlsScheme<TKey, TSignature> scheme)
    where TKey : struct, IBlsGroup<TKey>
    where TSignature : struct, IBlsGroup<TSignature>
{
    private static readonly byte[] Message = [.. "a statement"u8];

    private readonly BlsSecretKey[] _secrets = [.. Enumerable.Range(1, 7).Select(i => BlsSecretKey.FromSeed([.. Enumerable.Repeat((byte)i, 32)]))];

    private TKey[] Keys => [.. _secrets.Select(scheme.PublicKey)];

    private TSignature[] Votes => [.. _secrets.Select(secret => scheme.Sign(secret, Message))];

    private static ReadOnlyMemory<byte>[] Messages(int count) => [.. Enumerable.Range(0, count).Select(i => new ReadOnlyMemory<byte>([(byte)i]))];

    private TSignature[] SignaturesOver(ReadOnlyMemory<byte>[] messages) => [.. _secrets.Select((secret, i) => scheme.Sign(secret, messages[i].Span))];

    [Fact]
    public void A_signature_verifies_for_its_key_and_message_only() => Gen.Select(Gen.Byte.Array[32], Gen.Byte.Array[0, 200]).Sample((seed, message) =>
    {
        using BlsSecretKey secret = BlsSecretKey.FromSeed(seed);
        TKey key = scheme.PublicKey(secret);
        TSignature signature = scheme.Sign(secret, message);
        Assert.Equal(BlsRefusal.None, scheme.Verify(key, message, signature));
        Assert.Equal(BlsRefusal.WrongSignature, scheme.Verify(key, [.. message, 0], signature));
        Assert.Equal(BlsRefusal.WrongSignature, scheme.Verify(Keys[0], message, signature));
        Assert.Equal(BlsRefusal.WrongSignature, scheme.Verify(key, message, TSignature.Negate(signature)));
        Assert.Equal(BlsRefusal.WrongSignature, scheme.Verify(key, message, TSignature.Add(signature, TSignature.Generator)));
        Assert.Equal(BlsRefusal.None, scheme.Verify(Bytes(key), message, Bytes(signature)));
    }, iter: 5);

    [Fact]
    public void The_identity_is_neither_key_nor_signature_nor_proof()
    {
        // e(identity, anything) = 1 = e(g, identity): without the check this pair would verify for every message.
        Assert.Equal(BlsRefusal.Identity, scheme.Verify(TKey.Identity, Message, TSignature.Identity));
        Assert.Equal(BlsRefusal.Identity, scheme.Verify(Bytes(TKey.Identity), Message, Bytes(TSignature.Identity)));
        Assert.Equal(BlsRefusal.Identity, scheme.ReadKey(Bytes(TKey.Identity), out _));
        Assert.Equal(BlsRefusal.Identity, scheme.ReadSignature(Bytes(TSignature.Identity), out _));
        Assert.Equal(BlsRefusal.Identity, scheme.VerifyPossession(TKey.Identity, TSignature.Identity));
        Assert.Equal(BlsRefusal.Identity, scheme.FastAggregateVerify([Keys[0], TKey.Identity], Message, Votes[0]));
        Assert.Equal(BlsRefusal.Identity, scheme.AggregateVerify([Keys[0], TKey.Identity], [Message, Message], Votes[0]));
        Assert.Equal(BlsRefusal.Identity, scheme.AggregateVerify([Keys[0]], [Message], TSignature.Identity));
        Assert.Equal(BlsRefusal.Identity, scheme.BatchVerify([TKey.Identity], [Message], [Votes[0]]));
        Assert.Equal(BlsRefusal.Identity, scheme.BatchVerifyMessage([Keys[0]], Message, [TSignature.Identity]));
        Assert.Equal(BlsRefusal.Identity, scheme.BatchVerifyMessage([TKey.Identity], Message, [TSignature.Identity]));
    }

    [Fact]
    public void Keys_that_sum_up_to_the_identity_verify_nothing()
    {
        TKey key = Keys[0];
        Assert.Equal(BlsRefusal.Identity, scheme.FastAggregateVerify([key, TKey.Negate(key)], Message, TSignature.Identity));
        Assert.Equal(BlsRefusal.Identity, scheme.FastAggregateVerify([key, TKey.Negate(key)], Message, Votes[0]));
    }

    [Fact]
    public void An_aggregate_verifies_for_exactly_its_signers()
    {
        TKey[] keys = Keys;
        TSignature aggregate = scheme.Aggregate(Votes);
        Assert.Equal(BlsRefusal.None, scheme.FastAggregateVerify(keys, Message, aggregate));
        Assert.Equal(BlsRefusal.None, scheme.Verify(scheme.AggregateKeys(keys), Message, aggregate));
        Assert.Equal(BlsRefusal.WrongSignature, scheme.FastAggregateVerify(keys.AsSpan(1), Message, aggregate));
        Assert.Equal(BlsRefusal.WrongSignature, scheme.FastAggregateVerify(keys, "another"u8, aggregate));
        Assert.Equal(BlsRefusal.NoSigners, scheme.FastAggregateVerify([], Message, aggregate));
        Assert.Equal(BlsRefusal.NoSigners, scheme.FastAggregateVerify([], Message, TSignature.Identity));
    }

    [Fact]
    public void A_signer_who_is_named_twice_is_refused_even_if_the_sum_fits()
    {
        TSignature twice = TSignature.Add(Votes[0], Votes[0]);
        TKey read = ReadBack(Keys[0]);
        Assert.Equal(BlsRefusal.DuplicateSigner, scheme.FastAggregateVerify([Keys[0], Keys[0]], Message, twice));
        Assert.Equal(BlsRefusal.DuplicateSigner, scheme.FastAggregateVerify([Keys[0], Keys[1], read], Message, TSignature.Add(twice, Votes[1])));
    }

    [Fact]
    public void An_aggregate_over_many_messages_verifies_for_exactly_them()
    {
        ReadOnlyMemory<byte>[] messages = Messages(_secrets.Length);
        TSignature aggregate = scheme.Aggregate(SignaturesOver(messages));
        Assert.Equal(BlsRefusal.None, scheme.AggregateVerify(Keys, messages, aggregate));
        Assert.Equal(BlsRefusal.WrongSignature, scheme.AggregateVerify(Keys, [.. messages.Reverse()], aggregate));
        Assert.Equal(BlsRefusal.CountsDiffer, scheme.AggregateVerify(Keys, messages[1..], aggregate));
        Assert.Equal(BlsRefusal.NoSigners, scheme.AggregateVerify([], [], aggregate));
    }

    [Fact]
    public void Batches_are_accepted_only_if_every_signature_is_right()
    {
        ReadOnlyMemory<byte>[] messages = Messages(_secrets.Length);
        TSignature[] signatures = SignaturesOver(messages);
        TSignature[] votes = Votes;
        Assert.Equal(BlsRefusal.None, scheme.BatchVerify(Keys, messages, signatures));
        Assert.Equal(BlsRefusal.None, scheme.BatchVerifyMessage(Keys, Message, votes));

        // Two errors that cancel each other out: the plain sum stays the same.
        signatures[2] = TSignature.Add(signatures[2], TSignature.Generator);
        signatures[4] = TSignature.Add(signatures[4], TSignature.Negate(TSignature.Generator));
        votes[2] = TSignature.Add(votes[2], TSignature.Generator);
        votes[4] = TSignature.Add(votes[4], TSignature.Negate(TSignature.Generator));
        Assert.Equal(BlsRefusal.None, scheme.AggregateVerify(Keys, messages, scheme.Aggregate(signatures)));
        Assert.Equal(BlsRefusal.WrongSignature, scheme.BatchVerify(Keys, messages, signatures));
        Assert.Equal(BlsRefusal.WrongSignature, scheme.BatchVerifyMessage(Keys, Message, votes));

        Assert.Equal(BlsRefusal.CountsDiffer, scheme.BatchVerify(Keys, messages, signatures[1..]));
        Assert.Equal(BlsRefusal.CountsDiffer, scheme.BatchVerify(Keys, messages[1..], signatures));
        Assert.Equal(BlsRefusal.CountsDiffer, scheme.BatchVerifyMessage(Keys, Message, votes[1..]));
        Assert.Equal(BlsRefusal.NoSigners, scheme.BatchVerifyMessage([], Message, []));
        Assert.Equal(BlsRefusal.NoSigners, scheme.BatchVerify([], [], []));
    }

    [Fact]
    public void A_proof_of_possession_is_for_one_key_and_no_signature()
    {
        TSignature proof = scheme.ProvePossession(_secrets[0]);
        Assert.Equal(BlsRefusal.None, scheme.VerifyPossession(Keys[0], proof));
        Assert.Equal(BlsRefusal.WrongProofOfPossession, scheme.VerifyPossession(Keys[1], proof));
        Assert.Equal(BlsRefusal.WrongProofOfPossession, scheme.VerifyPossession(Keys[0], Votes[0]));

        // Whoever gets a validator to sign the bytes of a key has no proof of it, and the other way round.
        byte[] key = Bytes(Keys[0]);
        Assert.NotEqual(proof, scheme.Sign(_secrets[0], key));
        Assert.Equal(BlsRefusal.WrongProofOfPossession, scheme.VerifyPossession(Keys[0], scheme.Sign(_secrets[0], key)));
        Assert.Equal(BlsRefusal.WrongSignature, scheme.Verify(Keys[0], key, proof));
        Assert.NotEqual(scheme.SignatureTag.ToArray(), scheme.ProofTag.ToArray());
    }

    [Fact]
    public void A_rogue_key_fools_the_aggregate_and_has_no_proof()
    {
        // The attack that proofs of possession are there for: the rogue key is x·g less the others' keys.
        TKey[] honest = Keys[..3];
        using var known = BlsSecretKey.Generate();
        TKey rogue = TKey.Add(scheme.PublicKey(known), TKey.Negate(scheme.AggregateKeys(honest)));
        Assert.Equal(BlsRefusal.None, scheme.FastAggregateVerify([.. honest, rogue], Message, scheme.Sign(known, Message)));
        Assert.Equal(BlsRefusal.WrongProofOfPossession, scheme.VerifyPossession(rogue, scheme.ProvePossession(known)));
    }

    [Fact]
    public void Bytes_from_outside_never_throw_and_never_verify()
    {
        Gen.Select(Gen.Byte.Array[0, 200], Gen.Byte.Array[0, 200]).Sample((key, signature) =>
        {
            Assert.NotEqual(BlsRefusal.None, scheme.Verify(key, Message, signature));
            Assert.NotEqual(BlsRefusal.None, scheme.Verify(Bytes(TKey.Generator), Message, signature));
        }, iter: 100);
        byte[] good = Bytes(Votes[0]), goodKey = Bytes(Keys[0]);
        Gen.Select(Gen.Int[0, (good.Length * 8) - 1], Gen.Int[0, (goodKey.Length * 8) - 1]).Sample((bit, keyBit) =>
        {
            byte[] signature = [.. good], key = [.. goodKey];
            signature[bit / 8] ^= (byte)(1 << (bit % 8));
            key[keyBit / 8] ^= (byte)(1 << (keyBit % 8));
            Assert.NotEqual(BlsRefusal.None, scheme.Verify(goodKey, Message, signature));
            Assert.NotEqual(BlsRefusal.None, scheme.Verify(key, Message, good));
        }, iter: 60);
    }

    [Fact]
    public void Secret_keys_out_of_range_are_refused()
    {
        Assert.Equal(BlsRefusal.SecretOutOfRange, BlsSecretKey.Read(new byte[32], out BlsSecretKey? secret));
        Assert.Null(secret);
        Assert.Equal(BlsRefusal.SecretOutOfRange, BlsSecretKey.Read(Reference.Bytes(Reference.R, 32), out _));
        Assert.Equal(BlsRefusal.WrongLength, BlsSecretKey.Read(new byte[33], out _));
        Assert.Throws<ArgumentException>(() => BlsSecretKey.FromSeed(new byte[31]));
        Assert.Throws<ArgumentException>(() => new BlsSecretKey(Scalar.Zero));
    }

    [Fact]
    public void An_erased_key_signs_no_more()
    {
        var secret = BlsSecretKey.Generate();
        secret.Dispose();
        Assert.Throws<ObjectDisposedException>(() => scheme.Sign(secret, Message));
        Assert.Throws<ObjectDisposedException>(() => scheme.PublicKey(secret));
    }

    private TKey ReadBack(TKey key)
    {
        Assert.Equal(BlsRefusal.None, scheme.ReadKey(Bytes(key), out TKey read));
        return read;
    }

    private static byte[] Bytes<TPoint>(TPoint point)
        where TPoint : struct, IBlsGroup<TPoint>
    {
        var bytes = new byte[TPoint.CompressedBytes];
        point.Write(bytes);
        return bytes;
    }
}

public sealed class MinimalSignatureSchemeTests() : BlsSchemeTests<G2Point, G1Point>(BlsSchemes.MinimalSignatures);

public sealed class MinimalKeySchemeTests() : BlsSchemeTests<G1Point, G2Point>(BlsSchemes.MinimalKeys);

public sealed class BlsTagTests
{
    [Fact]
    public void A_suite_with_one_tag_for_signatures_and_proofs_is_not_made()
    {
        Assert.Throws<ArgumentException>(() => BlsSchemes.MinimalSignaturesUnder("tag"u8, "tag"u8));
        Assert.Throws<ArgumentException>(() => BlsSchemes.MinimalKeysUnder("tag"u8, []));
        Assert.Throws<ArgumentException>(() => BlsSchemes.MinimalKeysUnder([], "tag"u8));
    }
}
