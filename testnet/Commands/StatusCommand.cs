using System.CommandLine;
using System.Globalization;
using Bft.Testnet.Clients;
using Bft.Testnet.CommandLine;
using Bft.Testnet.Supervision;

namespace Bft.Testnet.Commands;

/// <summary><c>status</c>.</summary>
internal static class StatusCommand
{
    /// <summary>The command with its examples.</summary>
    public static (Command Command, string[] Examples) Build(CommandEnvironment environment)
    {
        var command = new Command("status", "Who leads which view, heights, mempool, peers and certificate scheme, as the validators say themselves.");
        TargetOptions target = TargetOptions.ForReading(environment, command);
        command.SetAction(async (result, cancellation) =>
        {
            ClientTarget whom = target.Target(result);
            await using IStatusClient client = environment.Composition.Clients.Status(whom);
            StatusRound round = await target.WithinAsync(result, limit => StatusRound.AskAsync(client, whom.Endpoints, limit), cancellation);
            ValidatorStatus first = round.Statuses.FirstOrDefault(status => status is not null)
                ?? throw new CommandException("no validator answered", string.Join(", ", whom.Endpoints), $"start them with \"bft up\", or check the endpoints; the first said: {round.FirstError}");
            var report = StatusReport.Of(first, [.. round.Statuses.Select((status, i) => EndpointReport.Of(whom.Endpoints[i], status))]);
            Replies replies = environment.Replies(result);
            replies.Answer(report, () => string.Join('\n', report.Validators.Select(validator => validator.Line())));
            return ExitCodes.Success;
        });
        return (command, ["bft status", "bft status --from http://127.0.0.1:7303 --json"]);
    }

    /// <summary>The consortium's key: in effect at the height that was reached.</summary>
    private sealed record SharedKeyReport(string Generation, string GroupKey, int Threshold, int Shares, ulong EffectHeight)
    {
        public static SharedKeyReport? Of(ValidatorStatus status) => status.SharedKeys?.ActiveAt(status.Executed) is { } key
            ? new SharedKeyReport(key.Generation.ToString(), key.Commitments!.GroupKey.ToString(), key.Threshold, key.Holders.Count, key.EffectHeight.Value)
            : null;
    }

    /// <summary>A key generation that runs.</summary>
    private sealed record GenerationReport(string Id, string Phase, ulong Deadline)
    {
        public static GenerationReport? Of(ValidatorStatus status) => status.SharedKeys?.Running is { } running
            ? new GenerationReport(running.Id.ToString(), running.Phase.ToString().ToLowerInvariant(), running.Deadline.Value)
            : null;
    }

    private sealed record PeerReport(int Id, bool Connected, ulong Height);

    /// <summary>What the first validator that answers says, and a line of each.</summary>
    private sealed record StatusReport(
        int Id,
        ulong Height,
        ulong View,
        int? Leader,
        string Head,
        string StateRoot,
        ulong CommittedTransactions,
        long Mempool,
        bool Voting,
        string? NotVotingBecause,
        ulong ViewChanges,
        double TransactionsPerSecond,
        double BlocksPerSecond,
        string? Scheme,
        string? Backend,
        IReadOnlyList<PeerReport> Peers,
        IReadOnlyList<EndpointReport> Validators,
        SharedKeyReport? SharedKey,
        GenerationReport? Generation)
    {
        public static StatusReport Of(ValidatorStatus status, IReadOnlyList<EndpointReport> all) => new(
            status.Id.Value,
            status.Height.Value,
            status.View.Value,
            status.Leader?.Value,
            status.Head.ToString(),
            status.StateRoot.ToString(),
            status.CommittedTransactions,
            status.Mempool,
            status.Voting,
            status.NotVotingBecause,
            status.ViewChanges,
            status.TransactionsPerSecond,
            status.BlocksPerSecond,
            status.Scheme,
            status.Backend,
            [.. status.Peers.Select(peer => new PeerReport(peer.Id.Value, peer.Connected, peer.Height.Value))],
            all,
            SharedKeyReport.Of(status),
            GenerationReport.Of(status));
    }

    private sealed record EndpointReport(string Endpoint, bool Answered, int? Id, ulong? Height, ulong? View, int? Leader, string? Head, long? Mempool, double? TransactionsPerSecond, double? BlocksPerSecond, bool? Voting, string? NotVotingBecause, string? Scheme, string? Backend, int? ConnectedPeers, SharedKeyReport? SharedKey, GenerationReport? Generation)
    {
        public static EndpointReport Of(ClientEndpoint endpoint, ValidatorStatus? status) => new(
            endpoint.ToString(),
            status is not null,
            status?.Id.Value,
            status?.Height.Value,
            status?.View.Value,
            status?.Leader?.Value,
            status?.Head.ToString(),
            status?.Mempool,
            status?.TransactionsPerSecond,
            status?.BlocksPerSecond,
            status?.Voting,
            status?.NotVotingBecause,
            status?.Scheme,
            status?.Backend,
            status?.Peers.Count(peer => peer.Connected),
            status is null ? null : SharedKeyReport.Of(status),
            status is null ? null : GenerationReport.Of(status));

        public string Line() => Answered
            ? string.Create(CultureInfo.InvariantCulture, $"validator {Id}  {Endpoint}  height {Height}  view {View}  leader {(Leader is { } leader ? leader : "-")}  {TransactionsPerSecond:0.0} tx/s  {BlocksPerSecond:0.0} blocks/s  mempool {Mempool}  peers {ConnectedPeers}{(Scheme is null ? "" : $"  {Scheme} ({Backend})")}{(SharedKey is null ? "" : $"  group key {SharedKey.GroupKey[..16]}…")}{(Generation is null ? "" : $"  key generation: {Generation.Phase} until {Generation.Deadline}")}{(Voting == true ? "" : $"  NOT VOTING: {NotVotingBecause}")}")
            : $"no answer from {Endpoint}";
    }
}
