using System.Globalization;
using Bft.Crypto;
using Bft.Crypto.Certificates;
using Bft.Crypto.Threshold;
using Bft.Engine;
using Bft.Testnet.Homes;
using Bft.Testnet.KeyGeneration;

namespace Bft.Testnet.Ceremony;

/// <summary>
/// Makes the genesis of a chain whose certificates are signed by a key that a running consortium generated: from public things alone. No dealer, no secret: each validator brings its share, its
/// identity and its TLS key from its present home (<see cref="HomeAdoption"/>).
/// </summary>
internal static class SharedKeyCeremony
{
    /// <summary>The certificate scheme of such a chain.</summary>
    public static string Scheme => BlsVoting.Shared.Name;

    /// <summary>Writes genesis.json into a new directory.</summary>
    /// <param name="plan">What is asked for; its committee is that of the key.</param>
    /// <param name="catalogue">What exists.</param>
    /// <param name="key">The generated key.</param>
    /// <param name="present">The chain it was made on: names the members' TLS keys and hosts.</param>
    /// <param name="directory">The target: missing or empty.</param>
    /// <param name="now">The time that goes into genesis.</param>
    /// <exception cref="CeremonyException">It cannot be carried out.</exception>
    /// <exception cref="HomeException">The directory is not empty or cannot be written.</exception>
    public static Genesis Run(CeremonyPlan plan, Catalogue catalogue, PublishedKey key, Genesis present, string directory, DateTimeOffset now)
    {
        if (present.ChainId != key.ChainId)
        {
            throw new CeremonyException($"the key was made on chain {key.ChainId}, and this genesis is of chain {present.ChainId}", "--genesis", "name the genesis of the chain on which the key was made");
        }

        GenesisValidator[] members = [.. key.Members.Select(member => MemberOf(member, present))];
        plan = plan with
        {
            Nodes = members.Length,
            Scheme = Scheme,
            Development = present.Development,
            Hosts = plan.Hosts.IsDefaultOrEmpty ? [.. members.Select(HostOf)] : plan.Hosts,
        };
        FaultModel model = plan.Check(catalogue);
        if (key.Threshold != new Committee(members.Length, model).QuorumSize)
        {
            throw new CeremonyException(
                string.Create(CultureInfo.InvariantCulture, $"{key.Threshold} shares of this key sign together, and a quorum of {members.Length} validators is {new Committee(members.Length, model).QuorumSize} under these faults"),
                "--shared-key, --fault-model",
                "choose the fault model of the chain on which the key was made");
        }

        if (Missing(key) is { Length: > 0 } missing)
        {
            throw new CeremonyException($"{string.Join(", ", missing)} hold no share of this key", "--shared-key", "share it anew first, with \"bft keygen --reshare\" while all of them run");
        }

        Commitments commitments = key.ReadCommitments("--shared-key");
        var genesis = new Genesis(
            plan.Protocol,
            Scheme,
            HashFunction.Sha256.Name,
            model,
            Catalogue.Application,
            plan.AcceptUnsigned,
            plan.Development,
            (ulong)now.ToUnixTimeMilliseconds(),
            new ChainLimits(),
            [.. members.Select((member, i) => Moved(member, plan.AddressesOf(i)) with { ConsensusKey = [.. commitments.KeyAt(i + 1).ToBytes()], Possession = [] })])
        {
            Commitments = key.Commitments,
        };
        KeyCeremony.Check(genesis);
        return KeyCeremony.Whole(DataLayout.At(directory).Root, staging =>
        {
            GenesisFile.Write(DataLayout.At(staging).Genesis, genesis);
            return genesis;
        });
    }

    // A share without a validator is a vote that nobody can cast; a chain should not begin with one fault less to spare.
    private static string[] Missing(PublishedKey key) =>
        [.. key.Members.Select((member, i) => (member, i)).Where(one => !one.member.HoldsShare).Select(one => string.Create(CultureInfo.InvariantCulture, $"member {one.i}"))];

    private static GenesisValidator MemberOf(PublishedMember member, Genesis present) =>
        present.Validators.FirstOrDefault(validator => validator.IdentityKey.AsSpan().SequenceEqual(member.IdentityKey.AsSpan()))
        ?? throw new CeremonyException(
            $"{Convert.ToHexStringLower(member.IdentityKey.AsSpan())} holds a share and is no validator of the present chain: its TLS key is not known", "--shared-key", "share the key anew to validators of the present chain");

    private static string HostOf(GenesisValidator validator) => Address.TryParse(validator.PeerAddress, out Address address) ? address.Host : "127.0.0.1";

    private static GenesisValidator Moved(GenesisValidator validator, ListenAddresses reached) =>
        validator with { PeerAddress = reached.Peers, ClientAddress = reached.Clients, HttpAddress = reached.Http };
}
