using Bft.Crypto.Certificates;
using Bft.Crypto.Signatures;

namespace Bft.Crypto.Tests.Certificates;

/// <summary>Four replicas A, B, C, D; whoever counts one of them twice has let one traitor make a quorum.</summary>
public sealed class SignatureListSchemeTests : IDisposable
{
    private const int A = 0;
    private const int B = 1;
    private const int C = 2;
    private const int D = 3;

    private static readonly byte[] Message = "chain 1, view 7, block x"u8.ToArray();

    private readonly ISigner[] _signers = [.. Enumerable.Range(0, 4).Select(_ => Keys.GenerateSigner(SignatureSchemes.Ed25519))];
    private readonly ICertificateScheme _scheme;

    public SignatureListSchemeTests() => _scheme = CertificateSchemes.Create("ed25519", PublicKeys());

    public void Dispose()
    {
        foreach (ISigner signer in _signers)
        {
            signer.Dispose();
        }
    }

    [Theory]
    [InlineData(A)]
    [InlineData(A, B, C)]
    [InlineData(A, C, D)]
    [InlineData(A, B, C, D)]
    public void Votes_of_distinct_replicas_make_a_certificate(params int[] signers)
    {
        byte[] certificate = _scheme.Combine(signers, [.. signers.Select(signer => (ReadOnlyMemory<byte>)Vote(signer))]);

        Assert.Equal(_scheme.CertificateBytes(signers.Length), certificate.Length);
        Assert.Equal(signers.SelectMany(Vote), certificate);
        Assert.True(_scheme.VerifyCertificate(signers, Message, certificate));
    }

    [Theory]
    [InlineData(A, A, D)]
    [InlineData(D, D, D)]
    [InlineData(A, D, D)]
    [InlineData(D, C, B)]
    [InlineData(A, C, B)]
    [InlineData(A, B, 4)]
    [InlineData(-1, A, B)]
    [InlineData(int.MinValue, A, int.MaxValue)]
    public void Signers_twice_descending_or_unknown_are_refused_with_valid_signatures(params int[] signers)
    {
        byte[] certificate = Concatenate([.. signers.Select(signer => signer is >= A and <= D ? signer : A)]);

        Assert.False(_scheme.VerifyCertificate(signers, Message, certificate));
        Assert.Throws<ArgumentException>(() => _scheme.Combine(signers, [.. signers.Select(_ => (ReadOnlyMemory<byte>)Vote(A))]));
    }

    [Fact]
    public void A_certificate_of_nobody_proves_nothing()
    {
        Assert.False(_scheme.VerifyCertificate([], Message, []));
        Assert.Throws<ArgumentException>(() => _scheme.Combine([], []));
    }

    [Fact]
    public void Signatures_in_another_order_than_their_signers_are_refused()
    {
        Assert.False(_scheme.VerifyCertificate([A, B, C], Message, Concatenate(B, A, C)));
        Assert.False(_scheme.VerifyCertificate([A, B, C], Message, Concatenate(A, A, C)));
    }

    [Fact]
    public void Signatures_over_another_message_are_refused()
    {
        Assert.False(_scheme.VerifyCertificate([A, B, C], "chain 2, view 7, block x"u8, Concatenate(A, B, C)));
        byte[] mixed = [.. Vote(A), .. Vote(B), .. Sign(C, "chain 1, view 8, block x"u8)];
        Assert.False(_scheme.VerifyCertificate([A, B, C], Message, mixed));
    }

    [Fact]
    public void A_certificate_of_the_wrong_length_is_refused()
    {
        byte[] certificate = Concatenate(A, B, C);
        Assert.False(_scheme.VerifyCertificate([A, B, C], Message, certificate.AsSpan(0, 191)));
        Assert.False(_scheme.VerifyCertificate([A, B, C], Message, [.. certificate, 0]));
        Assert.False(_scheme.VerifyCertificate([A, B], Message, certificate));
        Assert.False(_scheme.VerifyCertificate([A, B, C, D], Message, certificate));
        Assert.False(_scheme.VerifyCertificate([A, B, C], Message, []));
    }

    [Fact]
    public void A_flipped_bit_in_any_signature_is_refused()
    {
        byte[] certificate = Concatenate(A, B, C);
        for (int bit = 0; bit < certificate.Length * 8; bit += 7)
        {
            certificate[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(_scheme.VerifyCertificate([A, B, C], Message, certificate), $"bit {bit}");
            certificate[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void A_vote_counts_only_for_its_signer_and_its_message()
    {
        Assert.True(_scheme.VerifyVote(D, Message, Vote(D)));
        Assert.False(_scheme.VerifyVote(C, Message, Vote(D)));
        Assert.False(_scheme.VerifyVote(D, "other"u8, Vote(D)));
        Assert.False(_scheme.VerifyVote(4, Message, Vote(D)));
        Assert.False(_scheme.VerifyVote(-1, Message, Vote(D)));
        Assert.False(_scheme.VerifyVote(D, Message, Vote(D).AsSpan(1)));
        Assert.False(_scheme.VerifyVote(D, Message, []));
    }

    [Fact]
    public void Combining_what_does_not_fit_is_the_callers_bug()
    {
        Assert.Throws<ArgumentException>(() => _scheme.Combine([A, B], [Vote(A)]));
        Assert.Throws<ArgumentException>(() => _scheme.Combine([A], [new byte[63]]));
    }

    [Fact]
    public void Two_replicas_with_one_key_or_a_malformed_key_are_no_committee()
    {
        ReadOnlyMemory<byte>[] keys = PublicKeys();
        ArgumentException shared = Assert.Throws<ArgumentException>(() => new SignatureListScheme(Ed25519Scheme.Instance, [keys[A], keys[B], keys[A]]));
        Assert.Contains("0 and 2", shared.Message, StringComparison.Ordinal);
        ArgumentException malformed = Assert.Throws<ArgumentException>(() => new SignatureListScheme(Ed25519Scheme.Instance, [keys[A], new byte[32]]));
        Assert.Contains("replica 1", malformed.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new SignatureListScheme(Ed25519Scheme.Instance, []));
    }

    [Fact]
    public void With_a_cache_votes_are_not_verified_again_and_forgeries_are_still_refused()
    {
        var cache = new VerifiedCache(100);
        ICertificateScheme scheme = CertificateSchemes.Create("ed25519", PublicKeys(), cache);
        Assert.True(scheme.VerifyVote(A, Message, Vote(A)));
        Assert.True(scheme.VerifyCertificate([A, B, C], Message, Concatenate(A, B, C)));
        Assert.Equal((1, 3), (cache.Hits, cache.Count));

        // Everything in these was seen valid before, but not together.
        Assert.False(scheme.VerifyCertificate([A, B, C], Message, Concatenate(B, A, C)));
        Assert.False(scheme.VerifyCertificate([A, A, A], Message, Concatenate(A, A, A)));
        Assert.False(scheme.VerifyCertificate([A, B, C], "other"u8, Concatenate(A, B, C)));
        Assert.Equal(3, cache.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Verifying_a_certificate_allocates_nothing(bool cached)
    {
        var scheme = new SignatureListScheme(Ed25519Scheme.Instance, PublicKeys(), cached ? new VerifiedCache(100) : null);
        int[] signers = [A, B, C];
        byte[] certificate = Concatenate(signers);
        bool valid = scheme.VerifyCertificate(signers, Message, certificate);
        long before = GC.GetAllocatedBytesForCurrentThread();
        valid &= scheme.VerifyCertificate(signers, Message, certificate);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.True(valid);
        Assert.Equal(0, allocated);
    }

    [Fact]
    public void The_registry_names_what_it_knows()
    {
        Assert.Equal("ed25519", CertificateSchemes.Default);
        Assert.True(CertificateSchemes.IsKnown("ed25519"));
        Assert.False(CertificateSchemes.IsKnown("ED25519"));
        ArgumentException unknown = Assert.Throws<ArgumentException>(() => CertificateSchemes.Create("rsa", PublicKeys()));
        Assert.Contains("'rsa'", unknown.Message, StringComparison.Ordinal);
        Assert.Contains("ed25519", unknown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Its_figures_are_those_of_a_list_of_signatures()
    {
        Assert.Equal(("ed25519", 4, 64, 192, true), (_scheme.Name, _scheme.Replicas, _scheme.VoteSignatureBytes, _scheme.CertificateBytes(3), _scheme.CombinesInline));
    }

    private ReadOnlyMemory<byte>[] PublicKeys() => [.. _signers.Select(signer => signer.PublicKey)];

    private byte[] Vote(int signer) => Sign(signer, Message);

    private byte[] Sign(int signer, ReadOnlySpan<byte> message)
    {
        var signature = new byte[64];
        _signers[signer].Sign(message, signature);
        return signature;
    }

    private byte[] Concatenate(params int[] signers) => [.. signers.SelectMany(Vote)];
}
