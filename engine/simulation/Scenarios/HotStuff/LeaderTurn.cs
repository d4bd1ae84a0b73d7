using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.HotStuff;

namespace Bft.Simulation.Scenarios.HotStuff;

/// <summary>The turn of one leader in one view.</summary>
/// <param name="stage">The stage.</param>
/// <param name="view">The view.</param>
/// <param name="who">The leader.</param>
public sealed class LeaderTurn(HotStuffStage stage, ulong view, Actor who)
{
    /// <summary>Waits until the honest leader has proposed by itself, and names what it proposed.</summary>
    public Block Proposes(string name)
    {
        Block? block = null;
        stage.Until($"{who} proposes {name} in view {view}", () => stage.HasProposed(who, view, out block));
        return stage.Name(name, block!);
    }

    /// <summary>The traitor makes a proposal, which goes to nobody yet.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="on">The name of the block below.</param>
    /// <param name="by">The certificate inside; null for that of the block below, which the traitors must be able to put together.</param>
    /// <param name="after">The certificate of timeouts that goes with it; null for none.</param>
    /// <param name="parent">What it names as its parent; null for the block below.</param>
    /// <param name="runs">What it orders; null for nothing.</param>
    /// <param name="executed">The result that it vouches for; null for what the block below vouches for.</param>
    /// <param name="time">Its time in milliseconds; null for a little after the block below.</param>
    public Line Propose(
        string name,
        string on,
        QuorumCertificate? by = null,
        QuorumCertificate? after = null,
        Digest? parent = null,
        IReadOnlyList<Run>? runs = null,
        StatePoint? executed = null,
        ulong? time = null)
    {
        Block block = stage.Name(name, stage.Make(view, who, stage[on], by ?? stage.Certificate(on), parent, runs, executed, time));
        return stage.Says(who, new ProposalMessage(stage.Sign(who, ProposalMessage.ProposalStatement(block)), block, after));
    }
}

/// <summary>What a traitor says, before it is said to anybody.</summary>
/// <param name="stage">The stage.</param>
/// <param name="traitor">Who says it.</param>
/// <param name="message">What.</param>
public sealed class Line(HotStuffStage stage, Actor traitor, ProtocolMessage message)
{
    /// <summary>What is said.</summary>
    public ProtocolMessage Message => message;

    /// <summary>Says it to these.</summary>
    public void To(params Actor[] receivers)
    {
        foreach (Actor receiver in receivers)
        {
            stage.Send(traitor, receiver, WireMessage.Encode(message));
        }
    }

    /// <summary>Says it to everybody else.</summary>
    public void ToAll() => To([.. stage.Everyone.Where(actor => actor.Id != traitor.Id && actor.Index == actor.Id.Value)]);
}
