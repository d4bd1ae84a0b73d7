using System.CommandLine;

namespace Bft.Testnet.CommandLine;

/// <summary>What every command is built with.</summary>
/// <param name="Terminal">The streams.</param>
/// <param name="Composition">The parts.</param>
/// <param name="Shutdown">The signals, or null where a host handles them.</param>
internal sealed record CommandEnvironment(Terminal Terminal, Composition Composition, Shutdown? Shutdown)
{
    /// <summary>The option that every command has.</summary>
    public Option<bool> Json { get; } = new("--json") { Description = "One JSON document on standard output, also on failure (one object a line for streams).", Recursive = true };

    /// <summary>How the command that was parsed answers.</summary>
    public Replies Replies(ParseResult result) => new(Terminal, result.GetValue(Json));
}
