using System.Text;
using Bft.Engine;
using Bft.Engine.Transport;
using Bft.Testnet.Node;
using Bft.Testnet.Supervision;

namespace Bft.Testnet.Tests.Node;

/// <summary>What the messages of consensus cost is told apart from what spreading and catching up cost.</summary>
public sealed class CostTests
{
    [Fact]
    public void Each_purpose_is_counted_for_itself()
    {
        using var meter = new CostMeter();
        meter.Sent(TrafficClass.Consensus, 1, Phase.Steady, 100, 1);
        meter.Sent(TrafficClass.Consensus, 2, Phase.ViewChange, 50, 1);
        meter.Sent(TrafficClass.Gossip, 0, Phase.Steady, 1000, 1);
        meter.Sent(TrafficClass.Repair, 1, Phase.CatchUp, 2, 0);
        meter.Signed(3);
        meter.Verified(4);

        Assert.Equal(new SentTotals(2, 150), meter.Totals(TrafficClass.Consensus));
        Assert.Equal(new SentTotals(1, 1000), meter.Totals(TrafficClass.Gossip));
        Assert.Equal(new SentTotals(1, 2), meter.Totals(TrafficClass.Repair));
        Assert.Equal((3, 4), (meter.SignaturesMade, meter.SignaturesVerified));
    }

    [Fact]
    public void A_supervisor_reads_the_purposes_apart()
    {
        ChildEvent read = ChildEvent.Read(Encoding.UTF8.GetBytes(
            """{"event":"cost","messagesSent":9,"bytesSent":99,"consensusMessages":6,"consensusBytes":60,"gossipMessages":2,"gossipBytes":20,"repairMessages":1,"repairBytes":2}"""));

        Assert.Equal(new ValidatorCost(new TrafficCost(6, 60), new TrafficCost(2, 20), new TrafficCost(1, 2)), read.Cost);
    }
}
