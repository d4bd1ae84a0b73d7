using Bft.Crypto.KeyStore;
using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Engine.Storage;
using Bft.Ledger;
using Bft.Network.Peers;
using Bft.Testnet.Homes;

namespace Bft.Testnet.Node;

/// <summary>What can go wrong with a validator's surroundings, in the words of an operator: what, where, what to do.</summary>
internal static class Diagnosis
{
    /// <summary>The diagnosis of an exception; null when it is a bug, or is one already.</summary>
    public static DiagnosedException? Of(Exception exception, NodeSettings settings)
    {
        string home = settings.Home.Root;
        return exception switch
        {
            DiagnosedException => null,
            KeyStoreException keys => new HomeException(keys.Message.TrimEnd('.'), VotingMarks.KeyDirectory(settings), "check owner, mode and free space of the key store's directory, then start again", keys),
            GenesisException genesis => new HomeException(genesis.Message.TrimEnd('.'), settings.Home.Resolve(settings.Config.Genesis), "take the document of the ceremony", genesis),
            JournalDamagedException journal => new HomeException(
                journal.Message.TrimEnd('.'), settings.Home.Resolve(settings.Config.Journal), "keep signed.mark where it is, move the journal directory away and start again; docs/operations.md, section \"When something is lost\"", journal),
            DamagedFileException damaged => new HomeException(damaged.Message.TrimEnd('.'), home, "restore the file from a backup, or move blocks/ away and let the validator fetch them from the others", damaged),
            PeerAddressException address => new HomeException(address.Message.TrimEnd('.'), "config.json, section listen", "stop the process that holds the port, or choose another", address),
            StateDivergedException diverged => new HomeException(diverged.Message.TrimEnd('.'), home, "remove the snapshots above that height and start again", diverged),
            JournalFailedException journal => new HomeException(journal.Message.TrimEnd('.'), settings.Home.Resolve(settings.Config.Journal), "check the disk, then start again", journal),
            InvalidDataException invalid => new HomeException(invalid.Message.TrimEnd('.'), home, "check that home, keys and genesis belong together", invalid),
            UnauthorizedAccessException denied => new HomeException(denied.Message.TrimEnd('.'), home, "check owner and mode of the directory, and whether the file system is read-only", denied),
            IOException io => new HomeException(io.Message.TrimEnd('.'), home, "check free space, owner and mode of the directory", io),
            _ => null,
        };
    }
}
