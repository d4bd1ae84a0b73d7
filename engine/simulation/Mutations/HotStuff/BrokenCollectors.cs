using System.Collections.Immutable;
using Bft.Engine;
using Bft.Engine.HotStuff;
using Bft.Engine.Shared;

namespace Bft.Simulation.Mutations.HotStuff;

/// <summary>What counts votes, broken once each.</summary>
internal static class BrokenCollectors
{
    public static IReadOnlyList<Mutation> All { get; } =
    [
        Of("votes-counted-by-message", "counts the votes that came instead of those who voted", "votes of one signer count once; SCENARIOS O-16", "O-16", committee => new CountsMessages(committee)),
        new Mutation("signatures-distinct", "counts different signatures instead of different signers, where one signature has several encodings")
        {
            Rule = "distinct signers by number, never by signature bytes; PROTOCOLS 16.1, SCENARIOS O-16, NethermindEth/nethermind#11027",
            By = "O-16",
            Apply = options => options with
            {
                Create = context => new HotStuffProtocol(context, new HotStuffParts { Collector = (committee, _) => new CountsSignatures(committee) }),
                WrapClaims = (claims, _) => new Malleable(claims),
            },
        },
        Of("second-vote-displaces-first", "lets a signer's second vote displace its first", "a contradiction does not displace the first vote; SCENARIOS O-16", "O-16", committee => new LastVoteCounts(committee)),
        Of("double-sign-unproved", "throws a contradicting vote away", "double signs are always proved; issue 3, point 4", "O-16", committee => new Forgiving(committee)),
        Of("accuses-who-repeats", "takes a vote that is said again for a contradiction", "no honest replica is ever accused; issue 3, point 4", null, committee => new Suspicious(committee)),
        Of("votes-kept-without-bound", "keeps every vote", "buffers for the future are bounded per sender; PROTOCOLS 16.5, SCENARIOS O-20", "O-20", committee => new VoteCollector(committee, int.MaxValue, perSlot: false)),
        Of("flood-evicts-others", "keeps a number of votes whosever they are, the highest views", "a flood evicts only the flooder's own votes; SCENARIOS O-20", "O-20", committee => new SharedRoom(committee)),
    ];

    private static Mutation Of(string name, string does, string rule, string? by, Func<Committee, VoteCollector> make) =>
        BrokenRules.OfParts(name, does, rule, by, () => new HotStuffParts { Collector = (committee, _) => make(committee) });

    private sealed class CountsMessages(Committee committee) : VoteCollector(committee)
    {
        private readonly Dictionary<Statement, List<Vote>> _votes = [];
        private readonly int _enough = committee.QuorumSize;

        public override Collected Add(in Vote vote)
        {
            if (!_votes.TryGetValue(vote.Statement, out List<Vote>? votes))
            {
                _votes[vote.Statement] = votes = [];
            }

            votes.Add(vote);
            return votes.Count == _enough ? new Collected([.. votes], null) : default;
        }

        public override void ForgetBelow(View view)
        {
            foreach (Statement old in _votes.Keys.Where(statement => statement.View < view).ToList())
            {
                _votes.Remove(old);
            }
        }
    }

    private sealed class CountsSignatures(Committee committee) : VoteCollector(committee, perSlot: false)
    {
        private readonly Dictionary<Statement, Dictionary<string, Vote>> _votes = [];
        private readonly int _enough = committee.QuorumSize;

        public override Collected Add(in Vote vote)
        {
            if (!_votes.TryGetValue(vote.Statement, out Dictionary<string, Vote>? votes))
            {
                _votes[vote.Statement] = votes = new(StringComparer.Ordinal);
            }

            return votes.TryAdd(Convert.ToHexString(vote.Signature.Span), vote) && votes.Count == _enough ? new Collected([.. votes.Values], null) : default;
        }

        public override void ForgetBelow(View view)
        {
            foreach (Statement old in _votes.Keys.Where(statement => statement.View < view).ToList())
            {
                _votes.Remove(old);
            }
        }
    }

    // The last bit of a signature says nothing.
    private sealed class Malleable(IClaims claims) : IClaims
    {
        public Chain Chain => claims.Chain;

        public bool IsVote(in Vote vote) => claims.IsVote(vote) || claims.IsVote(vote with { Signature = OtherEncoding(vote.Signature) });

        public bool IsCertificate(QuorumCertificate certificate) => claims.IsCertificate(certificate);

        public bool IsPayload(Payload payload) => claims.IsPayload(payload);

        private static byte[] OtherEncoding(ReadOnlyMemory<byte> signature)
        {
            byte[] other = signature.ToArray();
            if (other.Length > 0)
            {
                other[^1] ^= 1;
            }

            return other;
        }
    }

    private sealed class LastVoteCounts(Committee committee) : VoteCollector(committee, perSlot: false)
    {
        private readonly SortedDictionary<(ulong View, byte Kind), SortedDictionary<int, Vote>> _votes = [];
        private readonly Committee _members = committee;

        public override Collected Add(in Vote vote)
        {
            Evidence? evidence = base.Add(vote).Evidence;
            (ulong, byte) key = (vote.Statement.View.Value, (byte)vote.Statement.Kind);
            if (!_votes.TryGetValue(key, out SortedDictionary<int, Vote>? votes))
            {
                _votes[key] = votes = [];
            }

            votes[vote.Signer.Value] = vote;
            Statement statement = vote.Statement;
            ImmutableArray<Vote> equal = [.. votes.Values.Where(other => other.Statement == statement)];
            bool quorum = _members.IsQuorum(ReplicaSet.Of([.. equal.Select(other => other.Signer.Value)]));
            return new Collected(quorum && equal.Length == _members.QuorumSize ? equal : default, evidence);
        }
    }

    private sealed class Forgiving(Committee committee) : VoteCollector(committee, perSlot: false)
    {
        public override Collected Add(in Vote vote) => base.Add(vote) with { Evidence = null };
    }

    private sealed class Suspicious(Committee committee) : VoteCollector(committee, perSlot: false)
    {
        private readonly HashSet<(Statement Statement, ReplicaId Signer)> _seen = [];

        public override Collected Add(in Vote vote)
        {
            Collected collected = base.Add(vote);
            return _seen.Add((vote.Statement, vote.Signer)) ? collected : collected with { Evidence = new Evidence(vote, vote) };
        }
    }

    private sealed class SharedRoom(Committee committee) : VoteCollector(committee, perSlot: false)
    {
        private const int Room = 64;

        private readonly SortedSet<(ulong View, int Signer)> _kept = [];

        public override Collected Add(in Vote vote)
        {
            _kept.Add((vote.Statement.View.Value, vote.Signer.Value));
            if (_kept.Count > Room)
            {
                // The lowest views go, whosever votes they are.
                ForgetBelow(new View(_kept.Min.View + 1));
                _kept.Remove(_kept.Min);
            }

            return base.Add(vote);
        }
    }
}
