using Bft.Engine;
using Bft.Engine.HotStuff;

namespace Bft.Simulation.Mutations.HotStuff;

/// <summary>The order of the loop between a protocol and its journal, timers and transport, broken once each.</summary>
internal static class MutatedLoops
{
    public static IReadOnlyList<Mutation> All { get; } =
    [
        Of("own-vote-counts-before-flush", "hands a replica's own messages back within the step that said them", "one's own vote counts after the flush; DESIGN port rule 2, PROTOCOLS 25", "O-01", context => new OwnAtOnce(context.Self)),
        Of("proposals-hastened", "sends proposals before the flush", "only what promises nothing leaves before the flush; PROTOCOLS 25 \"Hasten a HotStuff proposal\"", "O-02", context => new HastensProposals(context)),
        Of("certificates-unpersisted", "records what was signed without the certificates that justified it", "whatever is signed goes to disk with what justified it; DESIGN port rule 7, PROTOCOLS 25 P3", "O-02", _ => new Unjustified()),
        Of("lock-forgotten-at-restart", "starts with the votes and without lock and certificates", "restore what was promised; PROTOCOLS 0.4.5, 25 P3", "O-09", _ => new StartsUnlocked()),
        Of("old-deadlines-fire", "keeps the old deadline of a timer that is armed anew", "a timer armed anew never fires with its old deadline; DESIGN port rule 3, PROTOCOLS 16.11", "O-10", _ => new KeepsDeadlines()),
        Of("proposals-kept-by-count", "keeps 64 proposals of each sender for views to come, however large they are", "bounded per sender and in bytes; PROTOCOLS 16.5, SCENARIOS O-20, tari-ootle PR 2647", "O-20", _ => new KeepsProposals()),
        Of("far-ahead-dropped", "drops whatever shows a view far ahead and fetches nothing for it", "a window needs a way to catch up; PROTOCOLS 16.5, SCENARIOS O-20", "O-20", _ => new DropsFarAhead()),
        Of("votes-to-current-leader", "votes to the leader of the view instead of the next one's", "votes of view v go to leader v+1; PROTOCOLS 3", "O-46", _ => new VotesToThisLeader()),
        Of("commit-skipped", "loses every tenth commit on its way to the executor", "every height once, ascending, without gaps; DESIGN port rule 6", "O-11", _ => new SkipsCommits()),
    ];

    private static Mutation Of(string name, string does, string rule, string by, Func<ProtocolContext, ChangedProtocol> change) => new(name, does)
    {
        Rule = rule,
        By = by,
        Apply = options => options with { WrapLoop = (protocol, context) => change(context).Around(protocol) },
    };

    private sealed class OwnAtOnce(ReplicaId self) : ChangedProtocol
    {
        private readonly Queue<ProtocolMessage> _own = [];

        public override void Send(ReplicaId to, ProtocolMessage message)
        {
            if (to == self)
            {
                _own.Enqueue(message);
            }
            else
            {
                base.Send(to, message);
            }
        }

        protected override void Ended()
        {
            while (_own.TryDequeue(out ProtocolMessage? message))
            {
                StepAgain(new Input.Received(self, message));
            }
        }
    }

    private sealed class HastensProposals(ProtocolContext context) : ChangedProtocol
    {
        public override void Broadcast(ProtocolMessage message)
        {
            if (message is not ProposalMessage)
            {
                base.Broadcast(message);
                return;
            }

            for (int i = 0; i < context.Chain.Committee.Size; i++)
            {
                if (i != context.Self.Value)
                {
                    Hasten(new ReplicaId(i), message);
                }
            }
        }
    }

    private sealed class Unjustified : ChangedProtocol
    {
        public override void Persist(SafetyRecord record)
        {
            if (record.Key.Kind < MutatedVoters.FirstRecordOfProtocols)
            {
                base.Persist(record);
            }
        }
    }

    private sealed class StartsUnlocked : ChangedProtocol
    {
        public override void Start(RecoveredState recovered, IEffects effects) => base.Start(
            recovered with { Records = [.. recovered.Records.Where(record => record.Key.Kind < MutatedVoters.FirstRecordOfProtocols)], Stored = [] }, effects);
    }

    private sealed class KeepsDeadlines : ChangedProtocol
    {
        private readonly Dictionary<TimerId, TimeSpan> _deadlines = [];

        public override void Arm(TimerId timer, TimeSpan after)
        {
            TimeSpan wanted = Now + after;
            TimeSpan kept = _deadlines.TryGetValue(timer, out TimeSpan old) && old < wanted ? old : wanted;
            _deadlines[timer] = kept;
            base.Arm(timer, kept > Now ? kept - Now : TimeSpan.Zero);
        }

        protected override Input? Change(Input input)
        {
            if (input is Input.Expired expired)
            {
                _deadlines.Remove(expired.Timer);
            }

            return input;
        }
    }

    private sealed class KeepsProposals : ChangedProtocol
    {
        private const int OfEach = 64;

        private readonly Dictionary<ReplicaId, List<Block>> _kept = [];

        public override long KeptBytes => base.KeptBytes + _kept.Values.Sum(blocks => blocks.Sum(block => (long)block.Encoded.Length));

        protected override Input? Change(Input input)
        {
            if (input is Input.Received { Message: ProposalMessage proposal } received && proposal.Block.View > Status.View)
            {
                if (!_kept.TryGetValue(received.Sender, out List<Block>? blocks))
                {
                    _kept[received.Sender] = blocks = [];
                }

                if (blocks.Count < OfEach)
                {
                    blocks.Add(proposal.Block);
                }
            }

            return input;
        }
    }

    private sealed class DropsFarAhead : ChangedProtocol
    {
        private const ulong Window = 100;

        protected override Input? Change(Input input)
        {
            ulong? shown = input switch
            {
                Input.Received { Message: ProposalMessage proposal } => proposal.Block.View.Value,
                Input.Received { Message: TimeoutMessage timeout } => timeout.Timeout.Statement.View.Value,
                Input.Received { Message: CertificatesMessage certificates } => certificates.HighQc.View.Value,
                Input.Certified certified => certified.Certificate.View.Value,
                Input.Synced synced => synced.Tip.View.Value,
                _ => null,
            };
            return shown > Status.View.Value + Window ? null : input;
        }
    }

    private sealed class VotesToThisLeader : ChangedProtocol
    {
        public override void Send(ReplicaId to, ProtocolMessage message) => base.Send(message is VoteMessage && Status.Leader is { } leader ? leader : to, message);
    }

    private sealed class SkipsCommits : ChangedProtocol
    {
        public override void Commit(Block block, CommitProof proof)
        {
            if (block.Height.Value % 10 != 0)
            {
                base.Commit(block, proof);
            }
        }
    }
}
