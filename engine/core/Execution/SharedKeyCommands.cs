using Bft.Crypto;
using Bft.Engine.SharedKeys;

namespace Bft.Engine.Execution;

/// <summary>Parts the commands of a block between the application and the generations of shared keys. Its buffers are reused from block to block.</summary>
internal sealed class SharedKeyCommands(SharedKeyRegistry registry)
{
    private readonly List<ReadOnlyMemory<byte>> _others = [];
    private byte[] _codes = [];

    /// <summary>The generations.</summary>
    public SharedKeyRegistry Registry => registry;

    /// <summary>Executes each command where it belongs, closes the height for the generations, and returns the application's root.</summary>
    public Digest Execute(IApplication application, BlockContext context, ReadOnlySpan<ReadOnlyMemory<byte>> commands, Span<byte> codes)
    {
        int first = 0;
        while (first < commands.Length && !SharedKeyMessage.IsOne(commands[first].Span))
        {
            first++;
        }

        Digest root = first == commands.Length ? application.FinalizeBlock(context, commands, codes) : Part(application, context, commands, codes);
        registry.EndHeight(context.Height);
        return root;
    }

    private Digest Part(IApplication application, BlockContext context, ReadOnlySpan<ReadOnlyMemory<byte>> commands, Span<byte> codes)
    {
        _others.Clear();
        foreach (ReadOnlyMemory<byte> command in commands)
        {
            if (!SharedKeyMessage.IsOne(command.Span))
            {
                _others.Add(command);
            }
        }

        if (_codes.Length < _others.Count)
        {
            _codes = new byte[_others.Count];
        }

        Span<byte> theirs = _codes.AsSpan(0, _others.Count);
        theirs.Clear();
        Digest root = application.FinalizeBlock(context, _others.ToArray(), theirs);
        int next = 0;
        for (int i = 0; i < commands.Length; i++)
        {
            codes[i] = SharedKeyMessage.IsOne(commands[i].Span) ? registry.Execute(context.Height, commands[i]) : theirs[next++];
        }

        _others.Clear();
        return root;
    }
}
