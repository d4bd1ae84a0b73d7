using Bft.Crypto.KeyStore;
using Bft.Ledger;
using Bft.Testnet.Homes;

namespace Bft.Testnet.Node;

/// <summary>
/// Whether a validator may vote at once. A key whose journal is gone may have signed what nobody here remembers; a new key has signed nothing.
/// Two marks beside the key tell them apart, also after any number of restarts: <c>signed.mark</c> (this key may have signed) and
/// <c>lost.mark</c> (its journal was missing once). The journal alone, by the record of a vote that was earned back, overrules the latter.
/// </summary>
internal static class VotingMarks
{
    private const string LostName = "lost.mark";

    /// <summary>To be asked before the journal is opened, which makes one when there is none.</summary>
    /// <returns>False when the safety records of this key were lost.</returns>
    public static bool MayVote(NodeSettings settings)
    {
        string keys = KeyDirectory(settings);
        string journal = settings.Home.Resolve(settings.Config.Journal);
        bool hasJournal = Directory.Exists(journal) && Directory.EnumerateFiles(journal).Any(file => Journal.IsSegment(Path.GetFileName(file)));
        string lost = Path.Combine(keys, LostName);
        if (SignedMark.Exists(keys) && !hasJournal && !File.Exists(lost))
        {
            HomeFile.Write(lost, "The journal of this key was missing once: what it signed before is not known here.\n"u8.ToArray());
        }

        return !File.Exists(lost);
    }

    /// <summary>To be called when the journal is there and before anything is signed.</summary>
    public static void Begin(NodeSettings settings)
    {
        string keys = KeyDirectory(settings);
        if (!SignedMark.Exists(keys))
        {
            SignedMark.Set(keys);
        }
    }

    // The marks live with the key, wherever that is: a key store outside the home outlives a wiped home.
    /// <summary>The directory of the key store.</summary>
    public static string KeyDirectory(NodeSettings settings) => Path.GetDirectoryName(settings.Home.Resolve(settings.Config.Keys))!;
}
