using Bft.Engine.Transport;

namespace Bft.Network.Peers;

/// <summary>The traffic classes as array indexes.</summary>
internal static class Traffic
{
    /// <summary>How many classes there are.</summary>
    public const int Classes = 3;

    /// <summary>0 … <see cref="Classes"/>−1.</summary>
    public static int Index(TrafficClass traffic) => (int)traffic - (int)TrafficClass.Consensus;

    /// <summary>The class of an index.</summary>
    public static TrafficClass Of(int index) => (TrafficClass)(index + (int)TrafficClass.Consensus);

    /// <summary>Whether a byte on the wire names a class.</summary>
    public static bool IsKnown(byte value) => value is >= (byte)TrafficClass.Consensus and <= (byte)TrafficClass.Repair;

    /// <summary>The label of a class in metrics.</summary>
    public static string Label(int index) => Of(index) switch
    {
        TrafficClass.Consensus => "consensus",
        TrafficClass.Gossip => "gossip",
        _ => "repair",
    };
}
