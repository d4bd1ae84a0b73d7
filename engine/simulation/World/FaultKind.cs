namespace Bft.Simulation;

/// <summary>What the world did to its replicas. Each kind is counted when it takes effect, not when it is planned.</summary>
public enum FaultKind
{
    /// <summary>A message was lost.</summary>
    MessageLost,

    /// <summary>A message came twice.</summary>
    MessageDuplicated,

    /// <summary>A message came before one that was sent earlier on the same link.</summary>
    MessageReordered,

    /// <summary>A message took far longer than the profile says.</summary>
    MessageDelayed,

    /// <summary>A message was held back by a rule, to be released later.</summary>
    MessageHeld,

    /// <summary>One direction of a link was cut.</summary>
    LinkCut,

    /// <summary>The replicas were parted into groups that do not hear each other.</summary>
    Partition,

    /// <summary>A process died; the machine kept what was written.</summary>
    CrashKept,

    /// <summary>A machine stopped: everything unflushed was lost.</summary>
    CrashLost,

    /// <summary>A machine stopped: some later writes were kept and earlier ones lost.</summary>
    CrashReordered,

    /// <summary>A machine stopped: each sector of an unflushed write was kept or lost by itself.</summary>
    CrashTorn,

    /// <summary>A machine stopped within a turn, right before or after one write or flush.</summary>
    CrashAtWrite,

    /// <summary>A flush failed and took its pages with it.</summary>
    FlushFailed,

    /// <summary>A write found no room.</summary>
    DiskFull,

    /// <summary>A bit of a file flipped while the replica was down.</summary>
    BitRot,

    /// <summary>A disk was lost as a whole.</summary>
    DiskWiped,

    /// <summary>A clock runs fast or slow.</summary>
    ClockRate,

    /// <summary>A clock jumped.</summary>
    ClockJump,

    /// <summary>A traitor said nothing.</summary>
    Silence,

    /// <summary>A traitor had two faces: two instances with one key, each shown to a part of the others.</summary>
    Equivocation,

    /// <summary>A traitor kept a kind of message to itself.</summary>
    Withholding,

    /// <summary>A traitor delayed messages to a chosen victim.</summary>
    SelectiveDelay,

    /// <summary>A traitor sent to some and not to others.</summary>
    SelectiveSend,

    /// <summary>A traitor sent many or large messages.</summary>
    Flooding,

    /// <summary>A traitor sent old messages again.</summary>
    Replay,

    /// <summary>A traitor sent damaged bytes.</summary>
    Garbling,

    /// <summary>A traitor claimed heights, views or certificates that it does not have.</summary>
    Lying,

    /// <summary>A traitor gave clients wrong receipts and values.</summary>
    FalseReply,

    /// <summary>A replica forgot what it signed and went on voting.</summary>
    Amnesia,
}

/// <summary>How often each kind of fault took effect.</summary>
public sealed class FaultCounters
{
    private readonly long[] _counts = new long[Enum.GetValues<FaultKind>().Length];

    /// <summary>How often that kind took effect.</summary>
    public long this[FaultKind kind] => _counts[(int)kind];

    /// <summary>All faults.</summary>
    public long Total => _counts.Sum();

    /// <summary>The kinds that occurred with their counts, in the order of the enumeration.</summary>
    public IEnumerable<(FaultKind Kind, long Count)> Occurred =>
        _counts.Select((count, kind) => ((FaultKind)kind, count)).Where(entry => entry.count > 0);

    internal void Add(FaultKind kind) => _counts[(int)kind]++;
}
