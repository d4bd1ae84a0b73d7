using System.Text;
using Bft.Client;
using Bft.Crypto;
using Bft.Engine;
using Bft.Network.Api;
using Bft.Network.Tests.Api.Fakes;

namespace Bft.Network.Tests.Client;

public sealed class ProofTests
{
    private static readonly byte[] Key = SubmitTests.Bytes("a");

    [Fact]
    public async Task Presence_and_absence_are_proved_against_genesis()
    {
        await using FakeNetwork network = await ProvableAsync();
        ProvenValue proven = await network.Client().ProveAsync(Key);
        Assert.Equal((true, "1", new Height(1)), (proven.Found, Encoding.UTF8.GetString(proven.Value.Span), proven.Height));
        Assert.Equal(network.Ledger.Point(new Height(1)).StateRoot, proven.StateRoot);
        Assert.Equal((new View(2), 3), (proven.CertificateView, proven.Signers.Length));
        Assert.False((await network.Client().ProveAsync(SubmitTests.Bytes("nowhere"))).Found);
    }

    [Fact]
    public async Task A_changed_value_is_refused() => await RefusedAsync((_, proof) => proof with { Value = SubmitTests.Bytes("2") }, "state root");

    [Fact]
    public async Task A_denied_value_is_refused() => await RefusedAsync((_, proof) => proof with { Found = false, Value = default }, "state root");

    [Fact]
    public async Task A_changed_header_is_refused() =>
        await RefusedAsync((_, proof) => proof with { Header = proof.Header with { Executed = proof.Header.Executed with { StateRoot = Digest.None } } }, "header was changed");

    [Fact]
    public async Task A_forged_state_under_a_forged_header_is_refused_though_both_fit() => await RefusedAsync(
        (network, proof) => proof with
        {
            Value = SubmitTests.Bytes("2"),
            StateProof = Forged(),
            Header = proof.Header with { Executed = proof.Header.Executed with { StateRoot = network.Chain.DigestOf(Preimage.StateRoot, Forged()) } },
        },
        "header was changed");

    [Fact]
    public async Task A_certificate_with_forged_signatures_is_refused() => await RefusedAsync(
        (network, proof) =>
        {
            BlockHeader header = proof.Header with { Executed = proof.Header.Executed with { StateRoot = network.Chain.DigestOf(Preimage.StateRoot, Forged()) } };
            QuorumCertificate real = proof.Certificate;
            var statement = real.Statement with { Subject = header.DigestOn(network.Chain) };
            return proof with { Value = SubmitTests.Bytes("2"), StateProof = Forged(), Header = header, Certificate = new QuorumCertificate(statement, real.Signers, real.Signature) };
        },
        "does not hold");

    [Fact]
    public async Task A_certificate_of_fewer_than_a_quorum_is_refused() => await RefusedAsync(
        (network, proof) => proof with { Certificate = network.Ledger.Certify(proof.Header, signers: 2) }, "does not hold");

    [Fact]
    public async Task A_timeout_certificate_over_the_header_vouches_for_nothing() => await RefusedAsync(
        (network, proof) => proof with { Certificate = network.Ledger.Certify(proof.Header, StatementKind.Timeout) }, "is not for the header");

    [Fact]
    public async Task The_genesis_certificate_vouches_for_nothing() => await RefusedAsync(
        (network, proof) => proof with { Header = network.Chain.GenesisBlock.Header, Certificate = network.Chain.GenesisCertificate }, "genesis block");

    [Fact]
    public async Task A_foreign_genesis_fails_with_other_keys_and_with_the_same_keys()
    {
        await using FakeNetwork network = await ProvableAsync();
        foreach (Genesis foreign in new[] { FakeNetwork.MakeGenesis(salt: "foreign"), network.Genesis with { CreatedAt = 99 } })
        {
            BftClient client = network.Client(options => options with
            {
                Genesis = foreign,
                Endpoints = [.. network.Genesis.Validators.Select(validator => new Uri("http://" + validator.ClientAddress))],
            });
            BftClientException refused = await Assert.ThrowsAsync<BftClientException>(() => client.ProveAsync(Key));
            Assert.Contains("another chain", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task One_honest_validator_is_enough()
    {
        await using FakeNetwork network = await ProvableAsync();
        foreach (int i in new[] { 0, 1, 2 })
        {
            network.Validators[i].Forge = proof => proof with { Value = SubmitTests.Bytes("2") };
        }

        Assert.Equal("1", Encoding.UTF8.GetString((await network.Client().ProveAsync(Key)).Value.Span));
    }

    [Fact]
    public async Task Before_there_is_a_certified_state_the_reason_is_given()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        BftClientException refused = await Assert.ThrowsAsync<BftClientException>(() => network.Client().ProveAsync(Key));
        Assert.Contains("no block yet", refused.Message, StringComparison.Ordinal);
    }

    private static byte[] Forged()
    {
        var writer = new Bft.Engine.Encoding.CanonicalWriter();
        writer.UInt32(1);
        writer.Bytes(Key);
        writer.Bytes("2"u8);
        return writer.ToArray();
    }

    private static async Task<FakeNetwork> ProvableAsync()
    {
        FakeNetwork network = await FakeNetwork.StartAsync();
        await network.Client().SubmitAsync(SubmitTests.Bytes("a=1"));
        // A second block exposes the state of the first.
        await network.Client(options => options with { Sequences = new MemorySequences(100) }).SubmitAsync(SubmitTests.Bytes("z=1"));
        return network;
    }

    private static async Task RefusedAsync(Func<FakeNetwork, KeyProof, KeyProof> forge, string reason)
    {
        await using FakeNetwork network = await ProvableAsync();
        foreach (FakeValidator validator in network.Validators)
        {
            validator.Forge = proof => forge(network, proof);
        }

        BftClientException refused = await Assert.ThrowsAsync<BftClientException>(() => network.Client().ProveAsync(Key));
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }
}
