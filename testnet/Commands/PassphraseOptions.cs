using Bft.Testnet.CommandLine;
using Bft.Testnet.Homes;

namespace Bft.Testnet.Commands;

/// <summary>The two options that say where a passphrase comes from.</summary>
internal static class PassphraseOptions
{
    /// <summary>The source named, or null when none is.</summary>
    /// <exception cref="CommandException">Both are named.</exception>
    public static PassphraseSource? Source(string? file, string? variable) => (file, variable) switch
    {
        (null, null) => null,
        ({ } path, null) => new PassphraseSource.FromFile(Path.GetFullPath(path)),
        (null, { } name) => new PassphraseSource.FromEnvironment(name),
        _ => throw new CommandException("two sources are named for one passphrase", "--passphrase-file and --passphrase-env", "keep one of them") { ExitCode = ExitCodes.Usage },
    };
}
