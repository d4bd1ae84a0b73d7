using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using Bft.Crypto;
using Bft.Crypto.Certificates;
using Bft.Crypto.Signatures;
using Bft.Crypto.Threshold;
using Bft.Simulation;

namespace Bft.Engine.Tests.GenesisDocuments;

public class GenesisDocumentTests
{
    private const ulong Seed = 5;

    private static readonly Engine.Genesis Some = new(
        "hotstuff", "ed25519", "sha256", FaultModel.Byzantine, "kv", AcceptUnsigned: false, Development: true, 1_700_000_000_000, new ChainLimits(), [.. Enumerable.Range(0, 4).Select(Validator)]);

    private static readonly byte[] Document = GenesisDocument.Write(Some);

    [Fact]
    public void What_was_written_is_read_to_the_same()
    {
        Engine.Genesis read = GenesisDocument.Read(Document);
        Assert.Equal(Some.ChainId, read.ChainId);
        Assert.True(Document.AsSpan().SequenceEqual(GenesisDocument.Write(read)));
        Assert.Equal(3, read.Committee.QuorumSize);
        Assert.Equal("host-2:7402", read.Validators[2].PeerAddress);
    }

    [Fact]
    public void Names_and_addresses_may_change_and_nothing_else()
    {
        Digest id = Some.ChainId;
        Assert.Equal(id, (Some with { Validators = Some.Validators.SetItem(0, Some.Validators[0] with { Name = "other", PeerAddress = "other:1", ClientAddress = "c:1", HttpAddress = "h:1" }) }).ChainId);
        Engine.Genesis[] others =
        [
            Some with { Protocol = "pbft" }, Some with { Scheme = "bls" }, Some with { Hash = "sha512" }, Some with { Model = FaultModel.Crash }, Some with { Application = "other" },
            Some with { AcceptUnsigned = true }, Some with { Development = false }, Some with { CreatedAt = 1 }, Some with { Limits = new ChainLimits { MaxCommandBytes = 64 } },
            Some with { Validators = Some.Validators.RemoveAt(3) }, Some with { Validators = [.. Some.Validators.Reverse()] },
            Some with { Validators = Some.Validators.SetItem(0, Some.Validators[0] with { TlsPin = default }) },
        ];
        Assert.Equal(others.Length + 1, others.Append(Some).Select(genesis => genesis.ChainId).Distinct().Count());
    }

    [Fact]
    public void O21_cut_off_at_any_byte_it_is_refused_with_its_own_exception()
    {
        for (int length = 0; length < Document.Length - 2; length++)
        {
            Assert.Throws<GenesisException>(() => GenesisDocument.Read(Document.AsMemory(0, length)));
        }
    }

    [Fact]
    public void O21_with_any_bit_flipped_it_is_refused_with_its_own_exception_or_is_the_same_chain()
    {
        for (int bit = 0; bit < 8 * Document.Length; bit++)
        {
            byte[] flipped = [.. Document];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Refused(flipped, $"bit {bit}");
        }
    }

    [Fact]
    public void O21_random_damage_is_refused_with_its_own_exception_or_is_the_same_chain()
    {
        var random = new Randomness(Seed);
        for (int round = 0; round < 2000; round++)
        {
            byte[] damaged = [.. Document];
            for (int i = random.Below(3); i >= 0; i--)
            {
                damaged[random.Below(damaged.Length)] = (byte)random.Below(256);
            }

            Refused(damaged, $"seed {Seed}, round {round}");
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("\"text\"")]
    [InlineData("{\"format\":2}")]
    [InlineData("{\"format\":1.5}")]
    [InlineData("{\"format\":1,\"faultModel\":\"\\ud800\"}")]
    [InlineData("{\"format\":1,\"faultModel\":\"byzantine\",\"validators\":[]}")]
    [InlineData("{\"format\":1,\"faultModel\":\"byzantine\",\"validators\":[1]}")]
    [InlineData("{\"format\":1e400}")]
    public void A_document_that_is_none_is_refused(string text) =>
        Assert.Throws<GenesisException>(() => GenesisDocument.Read(System.Text.Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Deep_nesting_and_giant_documents_are_refused()
    {
        Assert.Throws<GenesisException>(() => GenesisDocument.Read(System.Text.Encoding.UTF8.GetBytes(new StringBuilder().Append('[', 100_000).ToString())));
        Assert.Throws<GenesisException>(() => GenesisDocument.Read(new byte[GenesisDocument.MaxBytes + 1]));
    }

    [Theory]
    [InlineData("nodes", 5, "nodes")]
    [InlineData("faultBound", 2, "faultBound")]
    [InlineData("quorum", 2, "quorum")]
    [InlineData("createdAt", 1, "chainId")]
    [InlineData("createdAt", -1, "createdAt")]
    public void Arithmetic_and_identity_are_checked_and_the_field_is_named(string field, int value, string named)
    {
        JsonNode json = JsonNode.Parse(Document)!;
        json[field] = value;
        GenesisException exception = Assert.Throws<GenesisException>(() => GenesisDocument.Read(System.Text.Encoding.UTF8.GetBytes(json.ToJsonString())));
        Assert.StartsWith(named, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_validators_with_one_key_are_refused()
    {
        Engine.Genesis twice = Some with { Validators = Some.Validators.SetItem(1, Some.Validators[1] with { ConsensusKey = Some.Validators[0].ConsensusKey }) };
        Assert.Contains("share a key", Assert.Throws<GenesisException>(() => GenesisDocument.Read(GenesisDocument.Write(twice))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void O18_a_key_without_its_proof_of_possession_is_refused_and_named()
    {
        Engine.Genesis bls = Bls();
        Engine.Genesis read = GenesisDocument.Read(GenesisDocument.Write(bls));
        Assert.Equal(bls.ChainId, read.ChainId);
        Assert.Equal("bls", read.CreateScheme().Name);
        (ImmutableArray<byte> Proof, string Reason)[] bad =
        [
            ([], "without a proof of possession"), (bls.Validators[1].Possession, "not one of this key"), (bls.Validators[2].Possession.RemoveAt(0), "wrong length"),
        ];
        foreach ((ImmutableArray<byte> proof, string reason) in bad)
        {
            Engine.Genesis rogue = bls with { Validators = bls.Validators.SetItem(2, bls.Validators[2] with { Possession = proof }) };
            Assert.NotEqual(bls.ChainId, rogue.ChainId);
            string message = Assert.Throws<GenesisException>(() => GenesisDocument.Read(GenesisDocument.Write(rogue))).Message;
            Assert.StartsWith("validators: 2:", message, StringComparison.Ordinal);
            Assert.Contains(reason, message, StringComparison.Ordinal);
        }

        Assert.Contains("does not use", Assert.Throws<GenesisException>(() => GenesisDocument.Read(GenesisDocument.Write(
            Some with { Validators = Some.Validators.SetItem(1, Some.Validators[1] with { Possession = [1] }) }))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ed25519", 31, "not a valid ed25519 key")]
    [InlineData("mldsa", 32, "not a valid mldsa key")]
    [InlineData("bls", 95, "wrong length")]
    [InlineData("bls-threshold", 95, "wrong length")]
    public void A_key_that_is_none_of_the_scheme_is_refused_and_named(string scheme, int length, string reason)
    {
        using Dealing dealing = Dealing.OfFreshSecret(4, 3);
        Engine.Genesis good = scheme switch
        {
            "bls" => Bls(),
            "bls-threshold" => Shared(dealing),
            "mldsa" => Some with { Scheme = "mldsa", Validators = [.. Some.Validators.Select((validator, id) => validator with { ConsensusKey = [(byte)id, .. new byte[MlDsaScheme.PublicKeySize - 1]] })] },
            _ => Some,
        };
        Assert.Equal(scheme, GenesisDocument.Read(GenesisDocument.Write(good)).Scheme);
        Engine.Genesis bad = good with { Validators = good.Validators.SetItem(1, good.Validators[1] with { ConsensusKey = [.. new byte[length]] }) };
        string message = Assert.Throws<GenesisException>(() => GenesisDocument.Read(GenesisDocument.Write(bad))).Message;
        Assert.StartsWith("validators: 1:", message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Shares_that_are_not_the_dealer_s_or_of_another_quorum_are_refused()
    {
        using Dealing dealing = Dealing.OfFreshSecret(4, 3), other = Dealing.OfFreshSecret(4, 2);
        Engine.Genesis shared = Shared(dealing);
        Engine.Genesis read = GenesisDocument.Read(GenesisDocument.Write(shared));
        Assert.Equal(shared.ChainId, read.ChainId);
        Assert.Equal(3, read.CreateScheme().Threshold);
        Assert.Contains("wrong degree", Assert.Throws<GenesisException>(() => GenesisDocument.Read(GenesisDocument.Write(Shared(other)))).Message, StringComparison.Ordinal);
        Engine.Genesis swapped = shared with { Validators = shared.Validators.SetItem(3, shared.Validators[3] with { ConsensusKey = Bls().Validators[3].ConsensusKey }) };
        Assert.StartsWith("validators: 3:", Assert.Throws<GenesisException>(() => GenesisDocument.Read(GenesisDocument.Write(swapped))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_scheme_that_is_unknown_or_whose_certificates_fit_no_block_is_refused()
    {
        Assert.StartsWith("scheme", Assert.Throws<GenesisException>(() => GenesisDocument.Read(GenesisDocument.Write(Some with { Scheme = "rsa" }))).Message, StringComparison.Ordinal);
        Engine.Genesis large = Some with
        {
            Scheme = "mldsa",
            Validators = [.. Enumerable.Range(0, 80).Select(id => Validator(id) with { ConsensusKey = [(byte)id, .. new byte[MlDsaScheme.PublicKeySize - 1]], IdentityKey = [(byte)id, 9] })],
        };
        Assert.Contains("too many for a block", Assert.Throws<GenesisException>(() => large.CreateScheme()).Message, StringComparison.Ordinal);
        Assert.Equal("mldsa", (large with { Validators = large.Validators[..70] }).CreateScheme().Name);
    }

    private static Engine.Genesis Bls() => Some with
    {
        Scheme = "bls",
        Validators =
        [
            .. Some.Validators.Select((validator, id) =>
            {
                byte[] seed = [.. Enumerable.Repeat((byte)(id + 50), 32)];
                return validator with
                {
                    ConsensusKey = [.. BlsVoting.Aggregated.CreateSigner(seed).PublicKey.Span], Possession = [.. ((IProvesPossession)BlsVoting.Aggregated).ProvePossession(seed)],
                };
            }),
        ],
    };

    private static Engine.Genesis Shared(Dealing dealing) => Some with
    {
        Scheme = "bls-threshold",
        Validators = [.. Some.Validators.Select((validator, id) => validator with { ConsensusKey = [.. dealing.ShareOf("consensus", id).PublicKey.Span] })],
        Commitments = [.. dealing.Commitments.Encode().Select(commitment => commitment.ToArray().ToImmutableArray())],
    };

    private static void Refused(byte[] document, string what)
    {
        try
        {
            Assert.True(GenesisDocument.Read(document).ChainId == Some.ChainId, $"{what}: another chain was accepted");
        }
        catch (GenesisException)
        {
            // What, where and what to do is in its message; any other exception fails the test.
        }
    }

    private static GenesisValidator Validator(int id) => new(
        $"Organisation {id}",
        [.. SignatureSchemes.Ed25519.CreateSigner([.. Enumerable.Repeat((byte)(id + 1), 32)]).PublicKey.Span],
        [.. Enumerable.Repeat((byte)(id + 101), 32)],
        HashFunction.Sha256.Hash([(byte)id]),
        $"host-{id}:740{id}",
        $"host-{id}:730{id}",
        $"host-{id}:750{id}");
}
