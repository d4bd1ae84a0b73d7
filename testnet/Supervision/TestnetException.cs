namespace Bft.Testnet.Supervision;

/// <summary>A testnet cannot be started or kept running.</summary>
/// <param name="what">What happened.</param>
/// <param name="where">The validator, port or directory.</param>
/// <param name="todo">What to do about it.</param>
/// <param name="inner">What was caught, if anything.</param>
public sealed class TestnetException(string what, string where, string todo, Exception? inner = null) : DiagnosedException(what, where, todo, inner);
