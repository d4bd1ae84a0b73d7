namespace Bft.Testnet.Submission;

/// <summary>A line that was not committed.</summary>
/// <param name="Line">Its number, from 1.</param>
/// <param name="Reason">Why.</param>
public sealed record RejectedLine(long Line, string Reason);

/// <summary>What became of an input.</summary>
/// <param name="Submitted">Transactions that were sent.</param>
/// <param name="Committed">Transactions that were committed.</param>
/// <param name="Rejected">Lines that were not, ascending.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Resumed">Lines that an earlier submission of the same input had committed already.</param>
public sealed record SubmissionReport(long Submitted, long Committed, IReadOnlyList<RejectedLine> Rejected, double Seconds, long Resumed);
