using Bft.Crypto.KeyStore;
using Bft.Engine;

namespace Bft.Testnet.CommandLine;

/// <summary>
/// What a command met that is not of its own making, and did not tell better itself: a file system that refuses, a key store, a genesis document. Whatever else reaches the edge of the
/// process is a bug.
/// </summary>
internal static class Surroundings
{
    /// <summary>The error for whoever runs the command; null when it is a bug.</summary>
    /// <param name="exception">What reached the edge.</param>
    /// <param name="command">The command, for example <c>bft put</c>.</param>
    public static CommandException? Of(Exception exception, string command) => exception switch
    {
        UnauthorizedAccessException denied => new CommandException(What(denied), command, "check owner and mode of what it names, and whether the file system is read-only", denied),
        IOException failed => new CommandException(What(failed), command, "check what it names: free space, owner and mode, and that the path is right", failed),
        KeyStoreException keys => new CommandException(What(keys), command, "check the key store, its directory and its passphrase", keys),
        GenesisException genesis => new CommandException(What(genesis), command, "take the genesis document of the ceremony", genesis),
        _ => null,
    };

    private static string What(Exception exception) => exception.Message.TrimEnd('.', ' ');
}
