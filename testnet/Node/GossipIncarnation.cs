using Bft.Testnet.Clients;
using Bft.Testnet.Homes;

namespace Bft.Testnet.Node;

/// <summary>
/// A number that grows with every start of a validator, whatever its clock says; durable before it is used. Peers remember which batches of
/// transactions they had from us and refuse older ones, so a validator that counted from its clock would spread nothing after the clock was set back.
/// </summary>
internal static class GossipIncarnation
{
    /// <summary>Beside the key, whose signatures it orders.</summary>
    public const string FileName = "gossip.incarnation";

    // Half of what fits the sequences, so that a clock gone mad leaves room for as many starts again.
    private const long Latest = uint.MaxValue / 2;

    /// <summary>Takes the next number.</summary>
    /// <param name="directory">The directory of the key store.</param>
    /// <param name="now">Only for a home without the file: counting begins with the seconds since 1970, above all that a lost file can have held.</param>
    /// <exception cref="HomeException">It could not be made durable.</exception>
    public static ulong Next(string directory, DateTimeOffset now) =>
        new SequenceFile(Path.Combine(directory, FileName), (ulong)Math.Clamp(now.ToUnixTimeSeconds(), 1, Latest)).Reserve(1);
}
