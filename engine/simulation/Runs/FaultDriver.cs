using Bft.Ledger.Disks;
using Bft.Simulation.Disks;
using Bft.Simulation.Network;
using Bft.Simulation.Nodes;

namespace Bft.Simulation.Runs;

/// <summary>Carries a plan out. After <see cref="Stop"/> nothing more is done, and whatever still lasts is the business of <see cref="SimulatedWorld.Heal"/>.</summary>
internal sealed class FaultDriver(SimulatedWorld world, Randomness random)
{
    private bool _stopped;

    public void Schedule(FaultPlan plan)
    {
        foreach (PlannedFault fault in plan.Faults)
        {
            world.Time.After(fault.At, () => Later(() => Begin(fault)));
        }
    }

    public void Stop() => _stopped = true;

    private void Later(Action action)
    {
        if (!_stopped)
        {
            action();
        }
    }

    private void After(TimeSpan delay, Action action) => world.Time.After(delay, () => Later(action));

    private void Begin(PlannedFault fault)
    {
        SimulatedReplica target = world.Replicas[fault.Target];
        switch (fault.Kind)
        {
            case FaultKind.LinkCut:
                int other = fault.OtherEnd(world.Options.Nodes);
                world.Network.Cut(fault.Target, other);
                After(fault.Lasts, () => world.Network.Mend(fault.Target, other));
                break;
            case FaultKind.Partition:
                ILookup<bool, int> sides = Enumerable.Range(0, world.Replicas.Count).ToLookup(instance => fault.IsOnFirstSide(world.Replicas[instance].Id.Value));
                After(fault.Lasts, world.Network.Part([.. sides[true]], [.. sides[false]]));
                break;
            case FaultKind.MessageHeld:
                NetworkRule rule = world.Network.Add(new NetworkRule(
                    parcel => parcel.Kind == fault.HeldKind && (parcel.To == fault.Target || parcel.From == fault.Target), RuleAction.Hold));
                After(fault.Lasts, () => world.Network.Release(rule));
                break;
            case FaultKind.CrashKept:
                Crash(target, CrashLoss.None, fault.Lasts);
                break;
            case FaultKind.CrashLost:
                Crash(target, CrashLoss.All, fault.Lasts);
                break;
            case FaultKind.CrashReordered:
                Crash(target, CrashLoss.Reordered, fault.Lasts);
                break;
            case FaultKind.CrashTorn:
                Crash(target, CrashLoss.Torn, fault.Lasts);
                break;
            case FaultKind.CrashAtWrite:
                target.Machine.StopIn(fault.StopsAt, fault.StopsBefore);
                break;
            case FaultKind.FlushFailed:
                DiskOf(target, fault.Detail).FailFlushes(1);
                break;
            case FaultKind.DiskFull:
                SimulatedDisk disk = DiskOf(target, fault.Detail);
                disk.Full = true;
                After(fault.Lasts, () => disk.Full = false);
                break;
            case FaultKind.DiskWiped:
                target.Wipe();
                target.RestartAfter(fault.Lasts);
                break;
            case FaultKind.BitRot:
                target.Rot(random, 1 + (fault.Detail % 3));
                target.RestartAfter(fault.Lasts);
                break;
            case FaultKind.ClockRate:
                world.Inject(FaultKind.ClockRate, fault.Target);
                target.Clock.Rate = fault.Rate;
                After(fault.Lasts, () => target.Clock.Rate = 1);
                break;
            case FaultKind.ClockJump:
                world.Inject(FaultKind.ClockJump, fault.Target);
                if (fault.Detail % 3 == 0)
                {
                    target.Clock.Suspend(TimeSpan.FromMilliseconds(fault.Detail % 700));
                }
                else
                {
                    target.Clock.JumpWall(TimeSpan.FromMinutes(fault.Detail % 3 == 1 ? 60 : -60));
                }

                break;
            default:
                throw new InvalidOperationException($"{fault.Kind} cannot be planned.");
        }
    }

    private static void Crash(SimulatedReplica target, CrashLoss loss, TimeSpan down)
    {
        if (target.Up)
        {
            target.Crash(loss);
            target.RestartAfter(down);
        }
    }

    // The journal is what promises hang on: it is met most often.
    private static SimulatedDisk DiskOf(SimulatedReplica replica, int detail) => (detail % 4) switch
    {
        0 => replica.BlocksDisk,
        1 when detail % 8 == 1 => replica.SnapshotsDisk,
        _ => replica.JournalDisk,
    };
}
