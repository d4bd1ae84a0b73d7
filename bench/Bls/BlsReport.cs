using Bft.Bench.Certificates;

namespace Bft.Bench.Bls;

/// <summary>One operation: nanoseconds a call, the median over the rounds.</summary>
/// <param name="Operation">Its name.</param>
/// <param name="ManagedNanoseconds">By the managed code.</param>
/// <param name="NativeNanoseconds">By the native library; null without one.</param>
/// <param name="Ratio">The median over the rounds of managed to native of the same round.</param>
/// <param name="AllocatedBytes">What a call of the managed code allocates.</param>
public sealed record BlsFigure(string Operation, double ManagedNanoseconds, double? NativeNanoseconds, double? Ratio, long AllocatedBytes);

/// <summary>All operations.</summary>
/// <param name="Native">The library beside which the managed code was measured; null for none.</param>
/// <param name="Lanes">Whether the managed code computed with vectors of four elements.</param>
/// <param name="Rounds">How often each operation was measured.</param>
/// <param name="Figures">The operations.</param>
/// <param name="CertificateToVerify">What checking a certificate of 67 votes costs, in verifications of one vote; median over the rounds.</param>
/// <param name="ColdStart">The first calls of a process with the managed code; null when not asked for.</param>
public sealed record BlsReport(string? Native, bool Lanes, int Rounds, IReadOnlyList<BlsFigure> Figures, double CertificateToVerify, ColdStartReport? ColdStart);
