using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Storage;
using Bft.Simulation.Runs;

namespace Bft.Simulation.Tests;

/// <summary>The world finds what it is there to find: one rule is broken, and a few seeds are enough to see it.</summary>
public class MutationTests
{
    private static readonly ProtocolDescriptor HotStuff = Protocols.Find("hotstuff")!;

    [Fact]
    public void A_journal_that_does_not_flush_forgets_promises() =>
        AssertKilled(options => options with { WrapJournal = journal => new LazyJournal(journal) }, "recovery");

    [Fact]
    public void A_judge_that_believes_every_run_executes_what_no_client_signed() =>
        AssertKilled(options => options with { WrapClaims = claims => new CredulousClaims(claims) }, atMost: 600);

    private static void AssertKilled(Func<WorldOptions, WorldOptions> mutate, string? by = null, ulong atMost = 200)
    {
        HashSet<string> seen = [];
        for (ulong seed = 0; seed < atMost; seed++)
        {
            SimulationResult result = SimulationRun.Execute(HotStuff, 4, seed, new SimulationOptions { Configure = mutate });
            seen.UnionWith(result.Violations.Select(violation => violation.Check));
            if (by is null ? seen.Count > 0 : seen.Contains(by))
            {
                return;
            }
        }

        Assert.Fail($"the mutation survived {atMost} runs; fired: {string.Join(", ", seen)}");
    }

    // PROTOCOLS 0.4.1: a promise leaves only after what makes it one is durable.
    private sealed class LazyJournal(IJournal journal) : IJournal
    {
        private int _flushes;

        public JournalContents Recovered => journal.Recovered;

        public void Append(Block block) => journal.Append(block);

        public void Append(SafetyRecord record) => journal.Append(record);

        public void Discard(byte kind, ulong throughSlot) => journal.Discard(kind, throughSlot);

        public void MarkCommitted(Height height, Digest block) => journal.MarkCommitted(height, block);

        public void Flush()
        {
            if (++_flushes % 5 == 0)
            {
                journal.Flush();
            }
        }

        public void Release(Height through) => journal.Release(through);

        public void Dispose() => journal.Dispose();
    }

    private sealed class CredulousClaims(IClaims claims) : IClaims
    {
        public Chain Chain => claims.Chain;

        public bool IsVote(in Vote vote) => claims.IsVote(vote);

        public bool IsCertificate(QuorumCertificate certificate) => claims.IsCertificate(certificate);

        public bool IsPayload(Payload payload) => true;
    }
}
