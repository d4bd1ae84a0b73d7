using System.Collections.Immutable;
using Bft.Crypto.Signatures;
using Bft.Engine;
using Bft.Engine.HotStuff;

namespace Bft.Simulation.Mutations.HotStuff;

/// <summary>Two proposals in one view. The mempool's answer, the protocol and the voter all stand against it, so all have to be wrong.</summary>
internal static class ProposedTwice
{
    public static IReadOnlyList<Mutation> All { get; } =
    [
        new Mutation("proposes-twice", "makes a block of each answer of the mempool, also when it has proposed in the view")
        {
            Rule = "lastProposedView; PROTOCOLS 3c, SCENARIOS O-10",
            By = "O-10",
            Apply = options => options with
            {
                Create = context => new HotStuffProtocol(context, new AsOftenAsItLikes()),
                MakeVoter = (chain, self, signer, rules, mayVote) => new AnyProposal(chain, self, signer, rules, mayVote),
                WrapLoop = (protocol, _) => new AnswersTwice().Around(protocol),
            },
        },
    ];

    private sealed class AsOftenAsItLikes : HotStuffRules
    {
        public override bool MayPropose(View view, View lastProposed) => true;
    }

    private sealed class AnyProposal(Chain chain, ReplicaId self, ISigner signer, ImmutableArray<SigningRule> rules, bool mayVote) : Voter(chain, self, signer, rules, mayVote)
    {
        protected override SigningRefusal Check(Statement statement, SigningRule? rule) =>
            base.Check(statement, rule) is var refusal && refusal == SigningRefusal.Contradiction && statement.Kind == StatementKind.Proposal ? SigningRefusal.None : refusal;
    }

    private sealed class AnswersTwice : ChangedProtocol
    {
        private Input.PayloadReady? _answer;

        protected override Input? Change(Input input)
        {
            _answer = input as Input.PayloadReady;
            return input;
        }

        protected override void Ended()
        {
            if (_answer is { } answer)
            {
                _answer = null;
                StepAgain(answer with { Time = answer.Time + 1 });
            }
        }
    }
}
