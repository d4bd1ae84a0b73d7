using Bft.Crypto;
using Bft.Engine;

namespace Bft.Client;

public sealed partial class BftClient
{
    /// <summary>Connects to all endpoints; returns when f+1 different validators are there. Done by the first submission when not before.</summary>
    /// <exception cref="BftClientException">Fewer than f+1 in time; the message has each endpoint's reason.</exception>
    public Task ConnectAsync(CancellationToken cancellation = default) => _sender.ConnectAsync(_links, cancellation);

    /// <summary>Submits one command; see <see cref="SubmitAsync(IReadOnlyList{ReadOnlyMemory{byte}}, CancellationToken)"/>.</summary>
    public async Task<TransactionResult> SubmitAsync(ReadOnlyMemory<byte> command, CancellationToken cancellation = default) =>
        (await SubmitAsync([command], cancellation))[0];

    /// <summary>
    /// Submits commands as transactions of this client; returns when f+1 validators signed equal receipts for each. Waits while the
    /// window is full. Commands of one call keep their order and may share runs with other callers'.
    /// </summary>
    /// <param name="commands">The commands, opaque to the client.</param>
    /// <param name="cancellation">Ends the wait. What was sent by then may still be committed; what was not is not sent.</param>
    /// <returns>One result a command, in their order.</returns>
    /// <exception cref="InvalidOperationException">The client has no signer or no sequences.</exception>
    /// <exception cref="BftClientException">A command is malformed (nothing was sent), fewer than f+1 validators are there, or the client was closed meanwhile.</exception>
    /// <exception cref="IOException">Sequences could not be made durable.</exception>
    public async Task<IReadOnlyList<TransactionResult>> SubmitAsync(IReadOnlyList<ReadOnlyMemory<byte>> commands, CancellationToken cancellation = default)
    {
        if (_options.Sequences is null || (_options.Signer is null && _options.UnsignedName is null))
        {
            throw new InvalidOperationException("To submit, the client needs Sequences and a Signer (or, on a chain that admits it, an UnsignedName): see ClientState.");
        }

        for (int i = 0; i < commands.Count; i++)
        {
            Check(commands[i], i);
        }

        if (commands.Count == 0)
        {
            return [];
        }

        await ConnectAsync(cancellation);
        return await _commands.SubmitAsync(commands, cancellation);
    }

    /// <summary>
    /// Submits a run that is made already, of this or another client: to repeat bytes whose outcome is not known, or to keep signing
    /// out of a measurement. Repeating is safe: its transactions are executed once and a repeat returns the first result.
    /// </summary>
    /// <remarks>
    /// Waits while the window is full, and while the run is more than <see cref="ChainLimits.RunsUnderWay"/> runs ahead of its client's oldest one without an outcome: the
    /// client's session would forget that one, if a validator swallowed it. Hand a client's runs over by ascending sequences, once <see cref="ConnectAsync"/> is done:
    /// one that comes after many that are above it is let through, and may be forgotten all the same. What another process sends under the same key is not seen here.
    /// </remarks>
    /// <param name="run">The run.</param>
    /// <param name="cancellation">Ends the wait. What was not sent by then is not sent; what was is carried on by this client, and may still be committed.</param>
    /// <exception cref="BftClientException">Fewer than f+1 validators are there, or the client was closed meanwhile.</exception>
    public async Task<RunResult> SubmitRunAsync(Run run, CancellationToken cancellation = default)
    {
        await ConnectAsync(cancellation);
        await _sender.AcquireAsync(run.Count, cancellation);
        return await _sender.SendAcquiredAsync(run, cancellation);
    }

    /// <summary>
    /// Wants the receipts of a client's runs from all validators from now on. <see cref="SubmitRunAsync"/> does it by itself; called
    /// before <see cref="ConnectAsync"/>, it saves the first run of that client a repeat.
    /// </summary>
    public void Follow(Digest client) => RunSender.Follow(_links, client);

    private void Check(ReadOnlyMemory<byte> command, int index)
    {
        string? reason = command.Length > Chain.Limits.MaxCommandBytes
            ? $"it has {command.Length} bytes, at most {Chain.Limits.MaxCommandBytes} are possible"
            : _options.CheckCommand?.Invoke(command);
        if (reason is not null)
        {
            throw new BftClientException($"Command {index} cannot be submitted: {reason}. Nothing of this call was sent.");
        }
    }
}
