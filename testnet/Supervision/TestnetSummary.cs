using System.Globalization;

namespace Bft.Testnet.Supervision;

/// <summary>What <c>up</c> answers at its end.</summary>
/// <param name="CommittedHeight">The height on which the living validators stand level.</param>
/// <param name="CommittedTransactions">Transactions committed since genesis.</param>
/// <param name="TransactionsPerSecond">Committed a second in this run.</param>
/// <param name="LatencyMs">From due to verified commit; null without load.</param>
/// <param name="ViewChanges">Views of this run that ended by a timeout: the most that any validator saw.</param>
/// <param name="MessagesPerBlock">Consensus messages of all validators for each block of this run, 2(n-1) for HotStuff while nothing goes wrong. Validators tell their counters once a second, so a run of seconds is off by some percent. Null without a block.</param>
/// <param name="BytesPerBlock">Their bytes; null without a block.</param>
/// <param name="Gossip">What spreading the transactions took beside them; null without a block.</param>
/// <param name="Repair">What catching up took beside them, with the questions for heads that go to each peer every second; null without a block.</param>
/// <param name="Validators">Where each stands.</param>
/// <param name="Level">Whether the living validators stood level.</param>
/// <param name="Load">What became of the load; null without load.</param>
/// <param name="Seconds">From the moment all were ready to the end of the load.</param>
public sealed record TestnetSummary(
    ulong CommittedHeight,
    ulong CommittedTransactions,
    double TransactionsPerSecond,
    LatencySummary? LatencyMs,
    ulong ViewChanges,
    double? MessagesPerBlock,
    double? BytesPerBlock,
    TrafficPerBlock? Gossip,
    TrafficPerBlock? Repair,
    IReadOnlyList<ValidatorSummary> Validators,
    bool Level,
    LoadSummary? Load,
    double Seconds)
{
    /// <summary>The summary for people.</summary>
    public string Describe()
    {
        string latency = LatencyMs is { } shown ? string.Create(CultureInfo.InvariantCulture, $", latency p50 {shown.P50:0.0} ms, p99 {shown.P99:0.0} ms") : "";
        string cost = MessagesPerBlock is { } messages ? string.Create(CultureInfo.InvariantCulture, $", {messages:0.0} consensus messages and {BytesPerBlock:0} bytes a block (beside {Gossip?.MessagesPerBlock:0.0} of gossip, {Repair?.MessagesPerBlock:0.0} of repair)") : "";
        string head = string.Create(CultureInfo.InvariantCulture, $"height {CommittedHeight}, {CommittedTransactions} transactions, {TransactionsPerSecond:0.0} a second{latency}, {ViewChanges} view changes{cost}");
        return string.Join('\n', Validators.Select(validator => validator.Line()).Prepend(head));
    }
}

/// <summary>What messages of one purpose took, of all validators together.</summary>
/// <param name="MessagesPerBlock">Messages for each block of the run.</param>
/// <param name="BytesPerBlock">Bytes for each block of the run.</param>
public sealed record TrafficPerBlock(double MessagesPerBlock, double BytesPerBlock);

/// <summary>Latency in milliseconds.</summary>
/// <param name="P50">What half of the transactions did not exceed.</param>
/// <param name="P99">What 99 of 100 did not exceed.</param>
public sealed record LatencySummary(double P50, double P99);

/// <summary>The load in numbers of transactions.</summary>
/// <param name="Offered">Sent.</param>
/// <param name="Committed">Verified as committed.</param>
/// <param name="Failed">Refused or not committed in time.</param>
public sealed record LoadSummary(long Offered, long Committed, long Failed);

/// <summary>Where a validator stands.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Endpoint">Its client API.</param>
/// <param name="Height">Its committed height, or null when it does not answer.</param>
/// <param name="Head">The digest of its last block.</param>
/// <param name="StateRoot">Its state.</param>
public sealed record ValidatorSummary(int Id, string Endpoint, ulong? Height, string? Head, string? StateRoot)
{
    /// <summary>One line for people.</summary>
    public string Line() => Height is { } height
        ? string.Create(CultureInfo.InvariantCulture, $"validator {Id}  {Endpoint}  height {height}  head {Head}  state {StateRoot}")
        : string.Create(CultureInfo.InvariantCulture, $"validator {Id}  {Endpoint}  does not answer");
}
