using Bft.Engine;
using Bft.Engine.HotStuff;
using Bft.Engine.Shared;

namespace Bft.Simulation.Mutations.HotStuff;

/// <summary>What moves views, broken once each.</summary>
internal static class BrokenPacemakers
{
    public static IReadOnlyList<Mutation> All { get; } =
    [
        BrokenRules.OfParts("join-on-one-timeout", "joins the highest view that anybody gave up on", "only certificates or f+1 distinct senders move a view; PROTOCOLS 16.6, SCENARIOS O-15", "O-15", () => new HotStuffParts { Tally = committee => new JoinsAnybody(committee) }),
        BrokenRules.OfParts("join-on-equal-views", "counts senders that gave up on the very same view only", "f+1 at or above a view; PROTOCOLS 25 P2", "O-15", () => new HotStuffParts { Tally = committee => new JoinsEqual(committee) }),
        BrokenRules.OfParts("timeout-never-reset", "lets the timeout grow and never takes it back", "the timeout is the base after progress; PROTOCOLS 18, SCENARIOS O-12", "O-12", () => new HotStuffParts { BackOff = options => new NeverReset(options) }),
        BrokenRules.OfParts("timeout-without-cap", "lets the timeout grow as long as nothing commits", "base * b^min(k, cap); PROTOCOLS 18, SCENARIOS O-12; besu QBFT", "O-12", () => new HotStuffParts { BackOff = options => new Unbounded(options) }),
        OfLoop("timer-restarted-by-anything", "times the view anew with whatever another says", "timers are not reset by what proves nothing; PROTOCOLS 16.11", "O-12", () => new RestartsTimer()),
        new Mutation("cure-disabled", "rotates the leader every view")
        {
            Rule = "a three-chain needs four live turns in a row; PROTOCOLS 3, SCENARIOS O-11",
            By = "O-11",
            Apply = options => options with { ProtocolOptions = options.ProtocolOptions with { LeaderElection = "round-robin" } },
        },
        OfLoop("timeouts-certified-by-timeouts-only", "takes a timeout certificate from nothing but timeouts", "a certificate counts wherever it is seen; SCENARIOS O-14", "O-14", () => new DeafToCertificates()),
        OfLoop("timeout-certificate-never-carried", "proposes without the timeout certificate that led to its view", "the certificate goes with the proposal; SCENARIOS O-14", "O-14", () => new NeverCarries()),
    ];

    private static Mutation OfLoop(string name, string does, string rule, string by, Func<ChangedProtocol> change) => new(name, does)
    {
        Rule = rule,
        By = by,
        Apply = options => options with { WrapLoop = (protocol, _) => change().Around(protocol) },
    };

    private sealed class JoinsAnybody(Committee committee) : TimeoutTally(committee)
    {
        private View _highest;

        public override void Add(ReplicaId signer, View view) => _highest = View.Max(_highest, view);

        public override View JoinView() => _highest;
    }

    private sealed class JoinsEqual(Committee committee) : TimeoutTally(committee)
    {
        private readonly View[] _views = new View[committee.Size];
        private readonly int _enough = committee.HonestSize;

        public override void Add(ReplicaId signer, View view) => _views[signer.Value] = View.Max(_views[signer.Value], view);

        public override View JoinView()
        {
            View join = default;
            foreach (View candidate in _views)
            {
                if (candidate > join && _views.Count(view => view == candidate) >= _enough)
                {
                    join = candidate;
                }
            }

            return join;
        }
    }

    private sealed class NeverReset(ProtocolOptions options) : BackOff(options)
    {
        public override void Succeeded()
        {
            // Progress is nothing to it.
        }
    }

    private sealed class Unbounded(ProtocolOptions options) : BackOff(options)
    {
        private readonly ProtocolOptions _options = options;
        private int _failures;

        public override TimeSpan Timeout => _options.ViewTimeout * Math.Pow(_options.TimeoutGrowth, Math.Min(_failures, 40));

        public override void Failed() => _failures++;

        public override void Succeeded() => _failures = 0;
    }

    private sealed class RestartsTimer : ChangedProtocol
    {
        private const byte ViewTimer = 1;

        private TimeSpan? _wait;

        public override void Arm(TimerId timer, TimeSpan after)
        {
            if (timer.Kind == ViewTimer)
            {
                _wait = after;
            }

            base.Arm(timer, after);
        }

        public override void Disarm(TimerId timer)
        {
            if (timer.Kind == ViewTimer)
            {
                _wait = null;
            }

            base.Disarm(timer);
        }

        protected override Input? Change(Input input)
        {
            switch (input)
            {
                case Input.Expired { Timer.Kind: ViewTimer }:
                    _wait = null;
                    break;
                case Input.Received when _wait is { } wait:
                    base.Arm(new TimerId(ViewTimer), wait);
                    break;
            }

            return input;
        }
    }

    private sealed class DeafToCertificates : ChangedProtocol
    {
        protected override Input? Change(Input input) => input is Input.Received { Message: ProposalMessage { TimeoutCertificate: not null } proposal } received
            ? received with { Message = new ProposalMessage(proposal.Authorship, proposal.Block, null) }
            : input;
    }

    private sealed class NeverCarries : ChangedProtocol
    {
        public override void Broadcast(ProtocolMessage message) => base.Broadcast(
            message is ProposalMessage { TimeoutCertificate: not null } proposal ? new ProposalMessage(proposal.Authorship, proposal.Block, null) : message);
    }
}
