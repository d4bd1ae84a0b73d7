namespace Bft.Testnet.Homes;

/// <summary>A data directory or a validator's home cannot be used as it is.</summary>
/// <param name="what">What is wrong.</param>
/// <param name="where">The file or directory, with the field if there is one.</param>
/// <param name="todo">What to do about it.</param>
/// <param name="inner">What was caught, if anything.</param>
public sealed class HomeException(string what, string where, string todo, Exception? inner = null) : DiagnosedException(what, where, todo, inner);
