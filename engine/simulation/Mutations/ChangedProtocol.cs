using Bft.Engine;
using Bft.Simulation.Nodes;

namespace Bft.Simulation.Mutations;

/// <summary>Stands between an honest protocol and its loop: changes inputs on their way in and effects on their way out.</summary>
internal abstract class ChangedProtocol : PassedEffects, IProtocol
{
    private IProtocol _protocol = null!;

    /// <inheritdoc/>
    public ProtocolStatus Status => _protocol.Status;

    /// <inheritdoc/>
    public int Kept => _protocol.Kept;

    /// <inheritdoc/>
    public virtual long KeptBytes => _protocol.KeptBytes;

    /// <summary>Stands around this protocol from now on.</summary>
    public IProtocol Around(IProtocol protocol)
    {
        _protocol = protocol;
        return this;
    }

    /// <inheritdoc/>
    public virtual View LeadsTo(View shown) => _protocol.LeadsTo(shown);

    /// <inheritdoc/>
    public virtual void Start(RecoveredState recovered, IEffects effects)
    {
        _protocol.Start(recovered, Over(effects));
        Ended();
    }

    /// <inheritdoc/>
    public void Step(Input input, IEffects effects)
    {
        if (Change(input) is { } changed)
        {
            _protocol.Step(changed, Over(effects));
            Ended();
        }
    }

    /// <summary>What the protocol is told instead; null for nothing.</summary>
    protected virtual Input? Change(Input input) => input;

    /// <summary>A step ended.</summary>
    protected virtual void Ended()
    {
    }

    /// <summary>One step more, within the one that ended.</summary>
    protected void StepAgain(Input input) => _protocol.Step(input, this);
}
