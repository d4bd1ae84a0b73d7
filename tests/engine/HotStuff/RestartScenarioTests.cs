using Bft.Engine.HotStuff;
using Bft.Engine.Tests.Scripting;
using static Bft.Engine.Tests.Scripting.Names;

namespace Bft.Engine.Tests.HotStuff;

/// <summary>L4: what moved a replica is on disk with what it signed there, and travels with what it says next. It comes back no lower.</summary>
public class RestartScenarioTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void L4_the_certificate_that_moved_a_view_survives_a_crash_and_goes_with_the_next_timeout(bool withItsBlock)
    {
        ScriptedWorld world = new ScriptedWorld(4, [], [A, A, A, A, A, A]).Start();
        world.Flow(envelope => envelope.View <= 1 && !envelope.IsRepair);
        world.Flow(envelope => envelope is { View: 2 } && !(envelope.To == C && !withItsBlock));
        Block second = world.Name("second", 2);

        // The certificate of view 2 reaches C in what A says to one that is behind; the block may not.
        QuorumCertificate moved = world[A].Formed.Single(certificate => certificate.Statement.Subject == second.Digest);
        Assert.True(world[C].Deliver(A, WireMessage.Encode(new CertificatesMessage(moved, null))));
        Assert.Equal(3UL, world[C].View);
        world.TimeOut(C);
        TimeoutMessage promised = LastTimeoutOf(world, C);
        Assert.Equal((3UL, 2UL), (promised.Timeout.Statement.View.Value, promised.HighQc.View.Value));

        world[C].Crash();
        world.Held.Clear();
        world.Sent.Clear();
        world[C].Start();
        Assert.Equal(3UL, world[C].View);
        TimeoutMessage again = LastTimeoutOf(world, C);
        Assert.Equal(promised.Timeout.Statement, again.Timeout.Statement);
        Assert.Equal(promised.Timeout.Signature.ToArray(), again.Timeout.Signature.ToArray());
        Assert.True(again.HighQc.View >= promised.HighQc.View, $"it promised the certificate of view {promised.HighQc.View} and came back with that of view {again.HighQc.View}");
        Assert.True(world.Heals());
        Assert.Empty(world.Violations());
    }

    // Seed 63931191868 of the simulation: two of four waited for a block that nobody was asked for any more.
    [Fact]
    public void The_block_of_the_restored_certificate_is_asked_for_until_it_comes()
    {
        ScriptedWorld world = new ScriptedWorld(4, [], [A, A, A, A, A, A]).Start();
        world.Flow(envelope => envelope.View <= 1 && !envelope.IsRepair);
        world.Flow(envelope => envelope is { View: 2 } && envelope.To != C);
        Block second = world.Name("second", 2);
        QuorumCertificate moved = world[A].Formed.Single(certificate => certificate.Statement.Subject == second.Digest);
        Assert.True(world[C].Deliver(A, WireMessage.Encode(new CertificatesMessage(moved, null))));
        world.TimeOut(C);
        world[C].Crash();
        world.Held.Clear();
        world[C].Start();
        for (int round = 0; round < 5; round++)
        {
            Assert.Contains(world.Held, envelope => envelope is { From: C, IsRepair: true });
            world.Drop(_ => true);
            world[C].Now += TimeSpan.FromMilliseconds(250);
            world[C].Turn();
        }

        Assert.True(world.Heals());
        Assert.Empty(world.Violations());
    }

    [Fact]
    public void L4_the_timeout_certificate_that_moved_a_view_survives_a_crash_and_goes_with_the_next_timeout()
    {
        ScriptedWorld world = new ScriptedWorld(4, [], [A, A, A, A]).Start();
        world.Drop(_ => true);
        world.TimeOut(A, B, C, D);
        world.Flow(envelope => envelope is { IsTimeout: true, View: 1 });
        Assert.Equal(2UL, world[C].View);
        world.TimeOut(C);
        Assert.Equal(1UL, LastTimeoutOf(world, C).LastTc?.View.Value);

        world[C].Crash();
        world.Held.Clear();
        world.Sent.Clear();
        world[C].Start();
        TimeoutMessage again = LastTimeoutOf(world, C);
        Assert.Equal((2UL, 1UL), (again.Timeout.Statement.View.Value, again.LastTc?.View.Value));
        Assert.True(world.Heals());
        Assert.Empty(world.Violations());
    }

    private static TimeoutMessage LastTimeoutOf(ScriptedWorld world, int replica) =>
        (TimeoutMessage)world.Sent.Last(envelope => envelope.From == replica && envelope.IsTimeout).Message!;
}
