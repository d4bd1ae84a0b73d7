using System.Collections.Immutable;
using Bft.Applications.KeyValue;
using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Simulation.Checkers;
using Bft.Simulation.Clients;
using Bft.Simulation.Nodes;

namespace Bft.Simulation.Tests;

/// <summary>A checker that never fires checks nothing: each is fed what it is there to find, and what only looks like it.</summary>
public class CheckerTests
{
    private static readonly Chain Chain = new(HashFunction.Sha256.Hash("checkers"u8), "hotstuff", new Committee(4), HashFunction.Sha256, acceptUnsigned: true);
    private static readonly ImmutableArray<SigningRule> Rules = Protocols.Find("hotstuff")!.Signing;

    private readonly List<string> _found = [];

    [Fact]
    public void Agreement_fires_on_two_blocks_at_one_height()
    {
        AgreementChecker checker = Watched(new AgreementChecker());
        checker.Committed(0, Commit(1, "a"));
        checker.Committed(1, Commit(1, "a"));
        checker.Committed(1, Commit(2, "b"));
        Assert.Empty(_found);
        checker.Committed(2, Commit(2, "c"));
        Assert.Contains("at height 2 instance 2", Assert.Single(_found), StringComparison.Ordinal);
    }

    [Fact]
    public void Agreement_fires_on_two_states_at_one_height()
    {
        AgreementChecker checker = Watched(new AgreementChecker());
        checker.Executed(0, Commit(1, "a"), Point(1, "x"), []);
        checker.Executed(1, Commit(1, "a"), Point(1, "x"), []);
        Assert.Empty(_found);
        checker.Executed(2, Commit(1, "a"), Point(1, "y"), []);
        Assert.Single(_found);
    }

    [Fact]
    public void Agreement_fires_on_a_height_that_is_skipped_or_executed_twice_but_not_on_a_restart()
    {
        AgreementChecker checker = Watched(new AgreementChecker());
        checker.Executed(0, Commit(1, "a"), Point(1, "x"), []);
        checker.Started(0, Restart(0, ledger: 0));
        checker.Executed(0, Commit(1, "a"), Point(1, "x"), []);
        Assert.Empty(_found);
        checker.Executed(0, Commit(1, "a"), Point(1, "x"), []);
        Assert.Single(_found);
        checker.Executed(0, Commit(3, "c"), Point(3, "z"), []);
        Assert.Equal(2, _found.Count);
    }

    [Fact]
    public void Execution_fires_on_a_run_that_no_client_signed()
    {
        var runs = new RegisteredRuns();
        ExecutionChecker checker = Watched(new ExecutionChecker(runs));
        Run signed = Put(1, 1, "k");
        runs.Sign(signed);
        checker.Committed(0, Commit(1, "a", signed));
        Assert.Empty(_found);
        checker.Committed(0, Commit(1, "a", Put(1, 1, "other")));
        Assert.Contains("never signed", Assert.Single(_found), StringComparison.Ordinal);
    }

    [Fact]
    public void Execution_fires_when_a_repeated_run_is_executed_again()
    {
        ExecutionChecker checker = Watched(new ExecutionChecker(new RegisteredRuns()));
        Run run = Put(1, 1, "k");
        checker.Executed(0, Commit(1, "a", run), Point(1, "x"), [Receipt(run, 1, 0)]);
        checker.Executed(0, Commit(2, "b", run), Point(2, "y"), [Receipt(run, 1, 0)]);
        Assert.Empty(_found);
        checker.Executed(0, Commit(3, "c", run), Point(3, "z"), [Receipt(run, 3, 0)]);
        Assert.Single(_found);
    }

    [Fact]
    public void Execution_fires_on_a_wrong_result()
    {
        ExecutionChecker checker = Watched(new ExecutionChecker(new RegisteredRuns()));
        Run run = Run.WithoutSignature(Chain, Name(1), 1, [KeyValueCommand.Delete("nobody"u8)]);
        checker.Executed(0, Commit(1, "a", run), Point(1, "x"), [Receipt(run, 1, KeyValueCodes.Ok)]);
        Assert.Single(_found);
    }

    [Fact]
    public void Signing_fires_on_two_votes_of_a_view_once_both_are_on_the_wire_and_not_before()
    {
        SigningChecker checker = Watched(new SigningChecker(Rules));
        (byte[] message, byte[] signature) first = Sign(Vote(view: 3, height: 2, "a"), 1);
        (byte[] message, byte[] signature) second = Sign(Vote(view: 3, height: 7, "b"), 2);
        checker.Signed(0, new ReplicaId(0), true, first.message, first.signature);
        checker.Signed(0, new ReplicaId(0), true, second.message, second.signature);
        checker.Sent(0, new ReplicaId(0), [9, 9, .. first.signature, 9]);
        checker.Sent(0, new ReplicaId(0), [9, 9, .. first.signature, 9]);
        Assert.Empty(_found);
        checker.Sent(0, new ReplicaId(0), [.. second.signature]);
        Assert.Single(_found);
    }

    [Fact]
    public void Signing_fires_on_a_vote_for_a_view_that_was_given_up_before_and_not_on_one_signed_earlier()
    {
        SigningChecker checker = Watched(new SigningChecker(Rules));
        (byte[] message, byte[] signature) early = Sign(Vote(view: 3, height: 2, "a"), 1);
        (byte[] message, byte[] signature) timeout = Sign(new Statement(StatementKind.Timeout, default, new View(4), default, default), 2);
        (byte[] message, byte[] signature) late = Sign(Vote(view: 4, height: 3, "b"), 3);
        (byte[] message, byte[] signature) next = Sign(Vote(view: 5, height: 3, "c"), 4);
        foreach ((byte[] message, byte[] signature) in new[] { early, timeout, late, next })
        {
            checker.Signed(0, new ReplicaId(0), true, message, signature);
        }

        checker.Sent(0, new ReplicaId(0), timeout.signature);
        checker.Sent(0, new ReplicaId(0), early.signature);
        checker.Sent(0, new ReplicaId(0), next.signature);
        Assert.Empty(_found);
        checker.Sent(0, new ReplicaId(0), late.signature);
        Assert.Contains("forbids", Assert.Single(_found), StringComparison.Ordinal);
    }

    [Fact]
    public void Evidence_is_asked_for_when_two_votes_of_a_view_are_heard_and_for_nothing_less()
    {
        var watch = new ContradictionWatch(Rules, verified: true, _found.Add);
        Assert.Null(Hears(watch, 3, Vote(view: 5, height: 4, "a")));
        Assert.Null(Hears(watch, 3, Vote(view: 5, height: 4, "a")));
        Assert.Null(Hears(watch, 2, Vote(view: 5, height: 4, "b")));
        Assert.Null(Hears(watch, 3, Vote(view: 6, height: 4, "b")));
        Vote contradicting = Assert.NotNull(Hears(watch, 3, Vote(view: 6, height: 9, "c")));
        watch.Accuses(new Evidence(new Vote(Vote(view: 6, height: 4, "b"), new ReplicaId(3), default), contradicting));
        watch.Ends(contradicting);
        Assert.Empty(_found);
        Assert.Null(Hears(watch, 3, Vote(view: 6, height: 9, "d")));
        Assert.NotNull(Hears(watch, 2, Vote(view: 5, height: 4, "c")));
        watch.Ends(contradicting with { Signer = new ReplicaId(2) });
        Assert.Contains("replica 2 contradicted itself", Assert.Single(_found), StringComparison.Ordinal);
        Assert.Null(Hears(watch, 2, Vote(view: 5, height: 4, "e"), current: 6));
        Assert.Null(Hears(new ContradictionWatch(Rules, verified: false, _found.Add), 2, Vote(view: 5, height: 4, "f")));
    }

    private static Vote? Hears(ContradictionWatch watch, int signer, Statement statement, ulong current = 1) =>
        watch.Begins(new Input.Received(new ReplicaId(1), new Engine.HotStuff.VoteMessage(new Vote(statement, new ReplicaId(signer), default))), () => new View(current));

    [Fact]
    public void Recovery_fires_when_a_promise_is_forgotten_or_contradicted_or_its_block_is_gone()
    {
        var signing = new SigningChecker(Rules);
        RecoveryChecker checker = Watched(new RecoveryChecker(signing, Rules));
        Statement vote = Vote(view: 5, height: 4, "a");
        (byte[] message, byte[] signature) = Sign(vote, 1);
        signing.Signed(0, new ReplicaId(0), true, message, signature);
        signing.Sent(0, new ReplicaId(0), signature);
        checker.Started(0, Restart(0, signed: vote));
        checker.Started(0, Restart(0, signed: Vote(view: 6, height: 5, "later")));
        Assert.Empty(_found);
        checker.Started(0, Restart(0));
        checker.Started(0, Restart(0, signed: Vote(view: 4, height: 3, "earlier")));
        checker.Started(0, Restart(0, signed: Vote(view: 5, height: 4, "other")));
        checker.Started(0, Restart(0, signed: vote, hasBlock: false));
        Assert.Equal(4, _found.Count);
    }

    [Fact]
    public void Recovery_lets_a_block_go_whose_height_is_decided_and_none_above()
    {
        var signing = new SigningChecker(Rules);
        RecoveryChecker checker = Watched(new RecoveryChecker(signing, Rules));
        Statement vote = Vote(view: 5, height: 4, "a");
        (byte[] message, byte[] signature) = Sign(vote, 1);
        signing.Signed(0, new ReplicaId(0), true, message, signature);
        signing.Sent(0, new ReplicaId(0), signature);
        checker.Started(0, Restart(0, signed: vote, hasBlock: false, ledger: 2, decided: 4));
        Assert.Empty(_found);
        checker.Started(0, Restart(0, signed: vote, hasBlock: false, ledger: 2, decided: 3));
        Assert.Single(_found);
    }

    [Fact]
    public void Recovery_fires_when_a_replica_votes_although_its_records_are_lost()
    {
        var signing = new SigningChecker(Rules);
        RecoveryChecker checker = Watched(new RecoveryChecker(signing, Rules));
        (byte[] message, byte[] signature) = Sign(Vote(view: 5, height: 4, "a"), 1);
        signing.Signed(0, new ReplicaId(0), true, message, signature);
        signing.Sent(0, new ReplicaId(0), signature);
        signing.Forget(new ReplicaId(0));
        checker.Started(0, Restart(0, mayVote: false, lost: true));
        checker.Started(1, Restart(1, mayVote: true, lost: true));
        Assert.Empty(_found);
        checker.Started(0, Restart(0, mayVote: true, lost: true));
        Assert.Single(_found);
    }

    [Fact]
    public void Evidence_fires_on_an_honest_accused_on_no_contradiction_and_on_a_forged_signature()
    {
        var scheme = new FastScheme(4, 1);
        var claims = new Claims(Chain, scheme, new Bft.Crypto.Signatures.VerifiedCache(16));
        EvidenceChecker checker = Watched(new EvidenceChecker(id => id.Value == 0, claims));
        checker.Accused(1, new Evidence(Signed(scheme, 3, Vote(1, 1, "a")), Signed(scheme, 3, Vote(1, 1, "b"))));
        Assert.Empty(_found);
        Assert.Equal(1, checker.Proved);
        checker.Accused(1, new Evidence(Signed(scheme, 0, Vote(1, 1, "a")), Signed(scheme, 0, Vote(1, 1, "b"))));
        checker.Accused(1, new Evidence(Signed(scheme, 3, Vote(1, 1, "a")), Signed(scheme, 3, Vote(2, 1, "b"))));
        Vote forged = Signed(scheme, 3, Vote(1, 1, "b")) with { Signature = new byte[FastScheme.SignatureLength] };
        checker.Accused(1, new Evidence(Signed(scheme, 3, Vote(1, 1, "a")), forged));
        Assert.Equal(3, _found.Count);
    }

    [Fact]
    public void Bounds_and_exceptions_and_liveness_fire()
    {
        BoundsChecker bounds = Watched(new BoundsChecker());
        bounds.Sampled(0, new ResourceSample(10, 10, 1, 5, 5, 7, 7));
        Assert.Empty(_found);
        bounds.Sampled(0, new ResourceSample(11, 10, 1, 6, 5, 8, 7));
        Assert.Equal(3, _found.Count);
        bounds.Sampled(0, new ResourceSample(1, 10, 1, 1, 5, 1, 7, Kept: 3, KeptLimit: 2, KeptBytes: 9, KeptBytesLimit: 8));
        Assert.Equal(5, _found.Count);
        _found.RemoveRange(3, 2);
        Watched(new ExceptionChecker()).Threw(2, "edge", new InvalidOperationException("boom"));
        Assert.Contains("boom", _found[^1], StringComparison.Ordinal);
        LivenessChecker liveness = Watched(new LivenessChecker());
        liveness.Judge(TimeSpan.FromSeconds(1), 0, [], 9);
        Assert.Equal(4, _found.Count);
        liveness.Judge(TimeSpan.FromSeconds(1), 2, [(3, 4UL)], 9);
        Assert.Equal(6, _found.Count);
    }

    [Fact]
    public void A_stale_read_is_not_linearizable_and_a_concurrent_one_is()
    {
        Operation write = Asked(OperationKind.Put, 0, 10, value: "1");
        Assert.True(Judge(write, Asked(OperationKind.Read, 5, 20, result: null)));
        Assert.True(Judge(write, Asked(OperationKind.Read, 5, 20, result: "1")));
        Assert.False(Judge(write, Asked(OperationKind.Read, 11, 20, result: null)));
        Assert.False(Judge(write, Asked(OperationKind.Read, 5, 20, result: "2")));
    }

    [Fact]
    public void A_value_does_not_come_back_and_two_readers_agree_on_the_order()
    {
        Operation one = Asked(OperationKind.Put, 0, 100, value: "1"), two = Asked(OperationKind.Put, 0, 100, value: "2");
        Assert.True(Judge(one, two, Asked(OperationKind.Read, 1, 10, result: "1"), Asked(OperationKind.Read, 20, 30, result: "2")));
        Assert.False(Judge(one, two, Asked(OperationKind.Read, 1, 10, result: "1"), Asked(OperationKind.Read, 20, 30, result: "2"), Asked(OperationKind.Read, 40, 50, result: "1")));
    }

    [Fact]
    public void An_unanswered_write_may_take_effect_late_or_never_but_only_once()
    {
        Operation lost = Asked(OperationKind.Put, 0, null, value: "1");
        Assert.True(Judge(lost, Asked(OperationKind.Read, 50, 60, result: null)));
        Assert.True(Judge(lost, Asked(OperationKind.Read, 50, 60, result: null), Asked(OperationKind.Read, 70, 80, result: "1")));
        Operation later = Asked(OperationKind.Put, 85, 90, value: "2");
        Assert.False(Judge(lost, Asked(OperationKind.Read, 70, 80, result: "1"), later, Asked(OperationKind.Read, 95, 96, result: "1")));
    }

    [Fact]
    public void A_delete_tells_whether_the_key_was_there()
    {
        Operation write = Asked(OperationKind.Put, 0, 10, value: "1");
        Assert.True(Judge(write, Asked(OperationKind.Delete, 20, 30, result: "found"), Asked(OperationKind.Delete, 40, 50, result: null)));
        Assert.False(Judge(write, Asked(OperationKind.Delete, 20, 30, result: null)));
        Assert.False(Judge(write, Asked(OperationKind.Delete, 20, 30, result: "found"), Asked(OperationKind.Delete, 40, 50, result: "found")));
    }

    [Fact]
    public void The_judge_of_histories_agrees_with_trying_every_order()
    {
        var random = new Randomness(7);
        int linearizable = 0;
        for (int round = 0; round < 3000; round++)
        {
            Operation[] history = [.. Enumerable.Range(0, random.Between(2, 5)).Select(i => Drawn(random, i)).OrderBy(operation => operation.Invoked)];
            bool expected = AnyOrder(history, [], null);
            linearizable += expected ? 1 : 0;
            Assert.True(expected == LinearizabilityChecker.IsLinearizable(history, out _), string.Join("; ", history.Select(operation => operation.ToString())));
        }

        Assert.InRange(linearizable, 300, 2700);
    }

    private static Operation Drawn(Randomness random, int i)
    {
        int from = random.Below(20);
        int? to = random.Below(5) == 0 ? null : from + random.Between(1, 10);
        return (OperationKind)random.Below(3) switch
        {
            OperationKind.Put => Asked(OperationKind.Put, from, to, value: $"{i % 2}"),
            OperationKind.Delete => Asked(OperationKind.Delete, from, to, result: random.Below(2) == 0 ? "found" : null),
            _ => Asked(OperationKind.Read, from, to ?? from + 1, result: random.Below(3) switch { 0 => null, 1 => "0", _ => "1" }),
        };
    }

    private static bool AnyOrder(Operation[] history, List<Operation> taken, string? value)
    {
        Operation[] left = [.. history.Except(taken)];
        if (left.All(operation => operation.Returned is null))
        {
            return true;
        }

        foreach (Operation next in left.Where(next => left.All(other => other.Returned is null || other == next || other.Returned >= next.Invoked)))
        {
            string? after = next.Kind switch { OperationKind.Put => next.Value, OperationKind.Delete => null, _ => value };
            bool fits = next.Kind switch
            {
                OperationKind.Put => true,
                OperationKind.Delete => next.Returned is null || (next.Result is null) == (value is null),
                _ => next.Result == value,
            };
            if (fits && AnyOrder(history, [.. taken, next], after))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Judge(params Operation[] operations) =>
        LinearizabilityChecker.IsLinearizable([.. operations.OrderBy(operation => operation.Invoked)], out _);

    private static Operation Asked(OperationKind kind, int from, int? to, string? value = null, string? result = null) => new()
    {
        Client = 1,
        Kind = kind,
        Key = "k",
        Value = value,
        Invoked = TimeSpan.FromMilliseconds(from),
        Returned = to is { } at ? TimeSpan.FromMilliseconds(at) : null,
        Result = result,
    };

    private T Watched<T>(T checker)
        where T : Checker
    {
        checker.Report = (_, what) => _found.Add(what);
        return checker;
    }

    private static Digest DigestOf(string name) => HashFunction.Sha256.Hash(System.Text.Encoding.UTF8.GetBytes(name));

    private static CommittedBlock Commit(ulong height, string parent, params Run[] runs)
    {
        Payload payload = Payload.Of(Chain, runs);
        return new CommittedBlock(
            new Block(Chain, new BlockHeader(default, new Height(height), new View(height), DigestOf(parent), payload.Root, default, default, 0), payload, null), new CommitProof(null, []));
    }

    private static StatePoint Point(ulong height, string root) => new(new Height(height), DigestOf(root), DigestOf("chain"));

    private static Statement Vote(ulong view, ulong height, string subject) => new(StatementKind.Vote, default, new View(view), new Height(height), DigestOf(subject));

    private static (byte[] Message, byte[] Signature) Sign(Statement statement, byte mark)
    {
        var message = new byte[Statement.SignedBytes];
        Chain.WriteSigned(statement, message);
        var signature = new byte[32];
        Array.Fill(signature, mark);
        return (message, signature);
    }

    private static Vote Signed(FastScheme scheme, int signer, Statement statement)
    {
        var message = new byte[Statement.SignedBytes];
        Chain.WriteSigned(statement, message);
        var signature = new byte[FastScheme.SignatureLength];
        scheme.SignerOf(signer).Sign(message, signature);
        return new Vote(statement, new ReplicaId(signer), signature);
    }

    private static RestartState Restart(int id, Statement? signed = null, bool hasBlock = true, bool mayVote = true, bool lost = false, ulong ledger = 0, ulong decided = 0) => new(
        new ReplicaId(id),
        mayVote,
        (kind, _) => signed?.Kind == kind ? signed : null,
        _ => hasBlock,
        new Height(ledger),
        new Height(decided),
        lost);

    private static byte[] Name(byte client)
    {
        var name = new byte[32];
        name[0] = client;
        return name;
    }

    private static Run Put(byte client, ulong sequence, string key) =>
        Run.WithoutSignature(Chain, Name(client), sequence, [KeyValueCommand.Put(System.Text.Encoding.UTF8.GetBytes(key), "v"u8)]);

    private static Receipt Receipt(Run run, ulong height, byte code) => new(run.Client, run.First, run.Count, new Height(height), new[] { code });
}
